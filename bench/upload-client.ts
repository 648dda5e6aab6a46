/**
 * Uploads files of one size to one instance, one after another, in a thread of its own: the thread that measures
 * others' latency must not be held up by what it sends. Started by `upload.ts` with its orders as worker data.
 */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { Pool } from 'undici';
import { benchKey } from './instances-process.ts';

export type Kind = 'multipart' | 'base64';

export interface UploadOrder {
  readonly port: number;
  readonly kind: Kind;
  readonly sizeBytes: number;
  readonly rounds: number;
}

const boundary = 'elenco-upload-bench';
const contact = '5511987658002';

const json = (more: object): string =>
  JSON.stringify({ to: contact, type: 'document', wait: 'queued', ...more });

function* multipart(sizeBytes: number): Generator<Buffer> {
  const part = (name: string, rest: string): string =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${rest}\r\n\r\n`;
  yield Buffer.from(`${part('json', '')}${json({})}\r\n${part('file', '; filename="a.bin"')}`);
  const piece = Buffer.alloc(65_536, 7);
  for (let sent = 0; sent < sizeBytes; sent += piece.length) yield piece;
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}

function* base64(sizeBytes: number): Generator<Buffer> {
  const [before = '', after = ''] = json({ media: { base64: '@' } }).split('@');
  yield Buffer.from(before);
  const piece = Buffer.from(Buffer.alloc(49_152, 7).toString('base64'));
  for (let sent = 0; sent < sizeBytes; sent += 49_152) yield piece;
  yield Buffer.from(after);
}

async function upload(pool: Pool, kind: Kind, sizeBytes: number): Promise<void> {
  const isForm = kind === 'multipart';
  const answer = await pool.request({
    method: 'POST',
    path: '/v1/instances/i0/messages',
    headers: {
      authorization: `Bearer ${benchKey}`,
      'content-type': isForm ? `multipart/form-data; boundary=${boundary}` : 'application/json',
    },
    body: (isForm ? multipart(sizeBytes) : base64(sizeBytes)) as unknown as Buffer,
    headersTimeout: 120_000,
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 201) throw new Error(`upload: ${answer.statusCode} ${text}`);
}

const { port, kind, sizeBytes, rounds } = workerData as UploadOrder;
// A client is elsewhere, too. On Linux this is the priority of the thread.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 1 });
for (let round = 0; round < rounds; round++) await upload(pool, kind, sizeBytes);
await pool.destroy();
parentPort?.close();
