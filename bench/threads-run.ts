/** One size of the threads bench in a process of its own: `threads-run.ts SHARDS MESSAGES`. Prints one JSON line. */
import { memoryOf } from './instances-process.ts';
import { pause, Stage } from './instances-stage.ts';

export interface ThreadsResult {
  readonly shards: number;
  readonly perSecond: number;
  /** CPU ms a send, whole gateway process. */
  readonly cpuMs: number;
  readonly anonMb: number;
  readonly cores: { readonly gateway: number; readonly sandbox: number; readonly driver: number };
}

const [shards = '1', messages = '2000'] = process.argv.slice(2);
const total = Number(messages);
const instances = 32;
const inFlight = 64;
const silent = (n: number): string => `55119${String(n).padStart(4, '0')}8001`;

async function send(stage: Stage, count: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) {
      const index = n % instances;
      const body = { to: silent(index), type: 'text', text: `message ${n}` };
      await stage.rest.json('POST', `/v1/instances/i${index}/messages`, body);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

const stage = await Stage.start('ours', { SHARDS: shards });
await stage.pair(instances);
await send(stage, Math.ceil(total / 2));
await pause(1_000);
const [before, start] = [stage.cpu(), performance.now()];
await send(stage, total);
const ms = performance.now() - start;
await pause(600);
const after = stage.cpu();
const share = (name: 'gateway' | 'sandbox' | 'driver'): number => (after[name] - before[name]) / ms;
const result: ThreadsResult = {
  shards: Number(shards),
  perSecond: (total / ms) * 1000,
  cpuMs: (after.gateway - before.gateway) / total,
  anonMb: memoryOf(stage.gateway.pid).anonMb,
  cores: { gateway: share('gateway'), sandbox: share('sandbox'), driver: share('driver') },
};
await stage.stop();
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
