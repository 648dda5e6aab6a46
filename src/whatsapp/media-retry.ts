/**
 * Asks the phone to upload the file of a message again, because WhatsApp's host has it no more, and waits for its
 * notification, which only the media key opens. Called by `media.ts`. Not Baileys' `updateMediaMessage`: that one
 * listens for ever where the phone is off.
 */
import {
  type BaileysEventMap,
  decryptMediaRetryData,
  encryptMediaRetryRequest,
  proto,
  type WAMessageKey,
} from '@whiskeysockets/baileys';
import { AppError } from '../errors.ts';
import type { ActionContext } from './action-context.ts';
import { mediaRetryTimeoutMs } from './limits.ts';
import { socketEnded, statusOf } from './refusals.ts';

type Answer = BaileysEventMap['messages.media-update'][number];

const { ResultType } = proto.MediaRetryNotification;

const missing = (): AppError =>
  new AppError('not_found', 'WhatsApp has the file no more, nor has the phone.');
const failed = (why: string): AppError =>
  new AppError(
    'whatsapp_rejected',
    `WhatsApp has the file no more, and the phone did not upload it: ${why}.`,
  );
const late = (): AppError =>
  new AppError(
    'timeout',
    `WhatsApp has the file no more, and the phone did not upload it again within ${mediaRetryTimeoutMs} ms: it may be off.`,
  );

/** Where the file lies now. */
function pathIn({ error, media, key }: Answer, mediaKey: Uint8Array): string {
  if (error) throw statusOf(error) === 404 ? missing() : failed(error.message);
  if (!media) throw failed('its answer is empty');
  const { result, directPath } = opened(media, mediaKey, key.id ?? '');
  if (result === ResultType.NOT_FOUND) throw missing();
  if (result !== ResultType.SUCCESS)
    throw failed(ResultType[result ?? ResultType.GENERAL_ERROR] ?? 'unknown');
  if (!directPath?.startsWith('/')) throw failed('its answer names no file');
  return directPath;
}

function opened(
  media: NonNullable<Answer['media']>,
  mediaKey: Uint8Array,
  id: string,
): proto.IMediaRetryNotification {
  try {
    return decryptMediaRetryData(media, mediaKey, id);
  } catch {
    throw failed('its answer is not for this file');
  }
}

/** Resolves with the new path. Rejects `not_found`, `whatsapp_rejected`, `timeout`, `actor_restarted`. */
export async function askPhone(
  key: WAMessageKey,
  mediaKey: Uint8Array,
  { sock, clock, me }: ActionContext,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const heard = (answers: readonly Answer[]): void => {
    const answer = answers.find((one) => one.key.id === key.id);
    if (!answer) return;
    try {
      resolve(pathIn(answer, mediaKey));
    } catch (error) {
      reject(error);
    }
  };
  const closed = ({ connection }: { connection?: string }): void => {
    if (connection === 'close') reject(socketEnded());
  };
  const timer = clock.after(mediaRetryTimeoutMs, () => reject(late()), 'foreground');
  sock.ev.on('messages.media-update', heard);
  sock.ev.on('connection.update', closed);
  try {
    const { pn, jid } = me();
    await Promise.all([sock.sendNode(encryptMediaRetryRequest(key, mediaKey, pn ?? jid)), promise]);
    return await promise;
  } finally {
    timer.cancel();
    sock.ev.off('messages.media-update', heard);
    sock.ev.off('connection.update', closed);
  }
}
