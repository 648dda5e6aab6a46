/**
 * A companion found the file of a message gone from the host and asks the phone to upload it again: the phone
 * looks the message up, uploads, and tells the new path in a notification that only the media key opens; or it
 * refuses, or is off. Called by the receipts.
 */
import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Companion } from '../accounts/companion.ts';
import { deliver } from '../accounts/delivery.ts';
import { childOf, type Node, node } from '../wire/node.ts';
import { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import { type MediaPart, mediaPartOf } from './parts.ts';

/** `missing`: it has the message no more; `failing`: the upload fails; `off`: no answer at all. */
export const phoneModes = ['uploads', 'missing', 'failing', 'off'] as const;
export type PhoneMode = (typeof phoneModes)[number];

const { ResultType } = proto.MediaRetryNotification;

/** What an account's phone knows of the message: it came in, or the account sent it. */
function partFor(world: World, companion: Companion, id: string): MediaPart | null {
  const sent = world.sent.find(id, companion);
  const message = sent ? proto.Message.decode(sent.plain) : companion.account.sentMedia.get(id);
  return message ? mediaPartOf(message) : null;
}

function sealed(id: string, mediaKey: Uint8Array, answer: proto.IMediaRetryNotification): Node {
  const info = 'WhatsApp Media Retry Notification';
  const key = Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), info, 32));
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(id));
  const plain = proto.MediaRetryNotification.encode(answer).finish();
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return node('encrypt', {}, [node('enc_p', {}, ciphertext), node('enc_iv', {}, iv)]);
}

function answered(world: World, id: string, part: MediaPart | null): Node {
  const { phoneMode } = world;
  const refusal = (result: number): Node => node('error', { code: String(result) });
  const bytes = part && world.media.archived(part.directPath ?? '');
  if (!part?.mediaKey || !bytes || phoneMode === 'missing') return refusal(ResultType.NOT_FOUND);
  if (phoneMode === 'failing')
    return sealed(id, part.mediaKey, { stanzaId: id, result: ResultType.GENERAL_ERROR });
  const directPath = world.media.add(part.kind, bytes);
  world.media.reuploads += 1;
  return sealed(id, part.mediaKey, { stanzaId: id, directPath, result: ResultType.SUCCESS });
}

export function acceptMediaRetry(world: World, companion: Companion, receipt: Node): void {
  const { id = '' } = receipt.attrs;
  const { jid, from_me, participant } = childOf(receipt, 'rmr')?.attrs ?? {};
  world.media.retries += 1;
  if (world.phoneMode === 'off') return;
  const answer = answered(world, id, partFor(world, companion, id));
  const attrs = { id, from: companion.account.pn, type: 'mediaretry', t: world.nowSeconds() };
  const about = node('rmr', { jid, from_me, participant });
  deliver(world, companion, node('notification', attrs, [answer, about]));
}
