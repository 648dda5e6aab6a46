/**
 * `elenco send ID TO TEXT`: one text, `-` reads it from stdin; with `--file` a file, whose caption is TEXT. Says what
 * became of it; exits 1 when it failed.
 */
import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { readAsked } from './access.ts';
import { shownParty } from './party.ts';
import { Refusal } from './refusal.ts';

const waits = ['queued', 'server', 'delivered'] as const;
const kinds = ['image', 'video', 'document', 'audio', 'voice', 'video_note', 'sticker'] as const;
const shape =
  'send ID TO TEXT|- [--file PATH [--type TYPE]] [--wait queued|server|delivered] [--idempotency-key KEY] [--json]';
type Kind = (typeof kinds)[number];

/** What a file is sent as where `--type` does not say; anything else is a document. */
const kindsByExtension: Readonly<Record<string, Kind>> = {
  ...{ '.jpg': 'image', '.jpeg': 'image', '.png': 'image', '.webp': 'image', '.gif': 'image' },
  ...{ '.mp4': 'video', '.m4v': 'video', '.mp3': 'audio', '.m4a': 'audio', '.aac': 'audio' },
  ...{ '.ogg': 'audio', '.opus': 'audio', '.wav': 'audio', '.flac': 'audio' },
};

function oneOf<const T extends string>(option: string, given: string, known: readonly T[]): T {
  const found = known.find((one) => one === given);
  if (!found) throw new Refusal(`${option}: got ${JSON.stringify(given)}, takes ${known.join(', ')}`);
  return found;
}

/** Read from the disk as it is sent. */
async function fileAt(path: string): Promise<File> {
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is not a file');
    return new File([await openAsBlob(path)], basename(path));
  } catch (error) {
    const why = (error as { code?: string }).code ?? (error instanceof Error ? error.message : String(error));
    throw new Refusal(`--file: ${JSON.stringify(path)} cannot be read: ${why}`);
  }
}

export async function sendCommand(argv: readonly string[]): Promise<number> {
  const options = ['wait', 'idempotency-key', 'file', 'type'];
  const { elenco, isJson, words, option } = readAsked(argv, { shape, words: [2, 3], options });
  const [id = '', to = '', given] = words;
  const path = option('file');
  if (path === undefined && (given === undefined || option('type') !== undefined))
    throw new Refusal(`say: elenco ${shape}`);
  const wait = oneOf('--wait', option('wait') ?? 'server', waits);
  const text = given === '-' ? (await readText(process.stdin)).replace(/\n$/, '') : (given ?? '');
  const key = option('idempotency-key');
  const more = { path: { id }, ...(key === undefined ? {} : { idempotencyKey: key }) };
  const message =
    path === undefined
      ? await elenco.post('/v1/instances/{id}/messages', { ...more, body: { to, type: 'text', text, wait } })
      : await elenco.post('/v1/instances/{id}/messages', {
          ...{ ...more, file: await fileAt(path), timeoutMs: null },
          body: { to, wait, type: kindOf(path, option('type')), ...(text === '' ? {} : { caption: text }) },
        });
  const { chat, status } = message;
  if (isJson) console.log(JSON.stringify(message, null, 2));
  else console.log(`${status}: ${message.id} to ${shownParty(chat)}`);
  return status === 'failed' ? 1 : 0;
}

const kindOf = (path: string, asked: string | undefined): Kind =>
  asked === undefined
    ? (kindsByExtension[extname(path).toLowerCase()] ?? 'document')
    : oneOf('--type', asked, kinds);
