/**
 * The sandbox in a process of its own, driven over IPC by `phone.ts`: so that its CPU is told apart from the
 * gateway's. Texts of floods carry the time at which they were written, in ms, for the latency to the webhook.
 */
import { startSandbox } from '../../src/sandbox/sandbox.ts';

export type PhoneRequest =
  | { kind: 'scan'; qr: string; phone?: string }
  /** Each pair writes `count` messages, one after the other; pairs in parallel. */
  | { kind: 'speak'; pairs: readonly { from: string; to: string }[]; count: number }
  /** Messages per second in all, over the pairs in turn. */
  | { kind: 'pace'; pairs: readonly { from: string; to: string }[]; perSecond: number; ms: number }
  | { kind: 'group'; from: string; members: readonly string[] }
  | { kind: 'drop'; phone?: string }
  | { kind: 'cpu' }
  | { kind: 'stop' };

const sandbox = await startSandbox({ phoneDecrypts: false, ledgerEntriesMax: 20_000 });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when every copy is queued. */
const write = (from: string, to: string): Promise<string> => sandbox.sendFrom(from, to, `t=${Date.now()}`);

async function speak(pairs: readonly { from: string; to: string }[], count: number): Promise<number> {
  const all = pairs.map(async ({ from, to }) => {
    for (let n = 0; n < count; n++) await write(from, to);
  });
  await Promise.all(all);
  return pairs.length * count;
}

async function pace({ pairs, perSecond, ms }: Extract<PhoneRequest, { kind: 'pace' }>): Promise<number> {
  const start = performance.now();
  const writing: Promise<unknown>[] = [];
  for (let now = 0; now < ms; now = performance.now() - start) {
    const due = Math.min((now / 1000) * perSecond, (ms / 1000) * perSecond);
    while (writing.length < due) {
      const pair = pairs[writing.length % pairs.length];
      if (pair) writing.push(write(pair.from, pair.to));
    }
    await pause(5);
  }
  await Promise.all(writing);
  return writing.length;
}

async function answer(request: PhoneRequest): Promise<unknown> {
  switch (request.kind) {
    case 'scan':
      return sandbox.scan(request.qr, request.phone === undefined ? {} : { phone: request.phone });
    case 'speak':
      return speak(request.pairs, request.count);
    case 'pace':
      return pace(request);
    case 'group':
      return sandbox.contact(request.from).createGroup('bench', request.members);
    case 'drop':
      return sandbox.dropConnections(request.phone);
    case 'cpu':
      return process.cpuUsage();
    case 'stop':
      return sandbox.stop();
  }
}

process.on('message', async ({ id, request }: { id: number; request: PhoneRequest }) => {
  try {
    process.send?.({ id, value: await answer(request) });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
  if (request.kind === 'stop') process.exit(0);
});
process.on('disconnect', () => process.exit(0));
process.send?.({ url: sandbox.url, rootKey: sandbox.rootKey, caFile: sandbox.caFile });
