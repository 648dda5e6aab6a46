/** The file of a message, decrypted and checked before its first byte is sent, streamed from the disk. */
import { z } from '@hono/zod-openapi';
import type { FetchedMedia, MediaIntake, OpenedMedia } from '../../protocol/media.ts';
import type { Answer } from '../answer.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import { address } from '../schemas/common.ts';

const mediaQuery = z.object({ chat: address.optional() });

/** The first and last byte asked for; null: all of it; undefined: none that there is. */
export function rangeOf(
  header: string | undefined,
  size: number,
): { from: number; to: number } | null | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const [from, to] = [match[1], match[2]];
  if (from === '') return size === 0 ? undefined : { from: Math.max(0, size - Number(to)), to: size - 1 };
  const last = to === '' ? size - 1 : Math.min(size - 1, Number(to));
  return Number(from) > last ? undefined : { from: Number(from), to: last };
}

function dispositionOf(filename: string | null): string {
  if (filename === null) return 'inline';
  const plain = filename.replaceAll(/[^\x20-\x7e]|["\\]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(filename).replaceAll("'", '%27')}`;
}

/** Only a type that can stand in a header; what a sender wrote is not trusted to be one. */
const typeOf = (mimetype: string): string =>
  /^[\w.+-]+\/[\w.+-]+(?:\s*;\s*[\w.+-]+=[\w.+-]+)*$/.test(mimetype) ? mimetype : 'application/octet-stream';

async function answerOf(
  opened: OpenedMedia,
  about: { mimetype: string; filename: string | null },
  header: string | undefined,
): Promise<Answer> {
  const { sizeBytes } = opened;
  const range = rangeOf(header, sizeBytes);
  const headers = {
    'content-type': typeOf(about.mimetype),
    'content-disposition': dispositionOf(about.filename),
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
  };
  if (range === undefined || sizeBytes === 0) {
    await opened.release();
    if (sizeBytes === 0) return { status: 200, headers: { ...headers, 'content-length': '0' }, body: null };
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${sizeBytes}` }, body: null };
  }
  const { from, to } = range ?? { from: 0, to: sizeBytes - 1 };
  const length = { 'content-length': String(to - from + 1) };
  const part = range ? { 'content-range': `bytes ${from}-${to}/${sizeBytes}` } : {};
  return {
    status: range ? 206 : 200,
    headers: { ...headers, ...length, ...part },
    body: opened.read(from, to),
  };
}

/** The type of the file, where it is known. */
const fileTypes = ['application/octet-stream', '*/*'];

const read = ({ commands, media }: FrontOptions & { media: MediaIntake }): AnyRoute =>
  route({
    method: 'get',
    path: '/v1/instances/{id}/messages/{mid}/media',
    tag: 'messages',
    summary: 'The file of a message, decrypted; `chat` where several messages have the id',
    access: 'key',
    limit: 'queries',
    query: mediaQuery,
    transfers: true,
    asksWhatsapp: true,
    answers: {
      200: { about: 'The file', types: fileTypes },
      206: { about: 'The part that `Range` asks for', types: fileTypes },
      416: { about: 'The file is shorter than what `Range` asks for' },
    },
    async handle({ param, query, header }) {
      const asked = { messageId: param('mid'), chat: query.chat ?? null };
      const fetch = (isFresh: boolean): Promise<FetchedMedia> =>
        commands.perform(param('id'), { kind: 'FetchMedia', input: { ...asked, isFresh } });
      const fetched = await fetch(false);
      const opened = await media.openFetched(fetched).catch(async (error: unknown) => {
        if (fetched.place.in === 'spool') throw error;
        // The kept file is damaged, or retention was faster.
        return media.openFetched(await fetch(true));
      });
      return answerOf(opened, fetched, header('range'));
    },
  });

export const mediaRoutes = (options: FrontOptions): AnyRoute[] => [read(options)];
