/**
 * One variant of the ask bench in a process of its own: `actor-ask.ts VARIANT MS`. Closed loops of asks at
 * each size and concurrency; prints one JSON line.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { wrap } from 'comlink';
import { systemClock } from '../src/clock.ts';
import { createLog } from '../src/log.ts';
import { startHost } from '../src/thread/host.ts';
import { type SendText, sendText, shapes } from './actor-messages.ts';
import { rawBatch } from './actor-raw-batch.ts';
import { rawEndpoint } from './actor-raw-endpoint.ts';
import { quantile } from './lib/figures.ts';

export interface AskResult {
  readonly bytes: number;
  readonly inFlight: number;
  /** Upper quartile over slices of 25 ms. */
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly cpuUs: number;
}

type Ask = (message: SendText) => Promise<unknown>;
const entry = new URL('./actor-ask-worker.ts', import.meta.url);

const variants: Record<string, () => Promise<Ask>> = {
  async runtime() {
    const spec = { name: 'bench', entry, boot: null, mailboxCapacity: 2048, shapes };
    const host = startHost<null, SendText, { SendText: SendText }>(spec, {
      clock: systemClock,
      log: createLog('warn'),
    });
    await host.ready;
    return (message) => host.ref.ask(message, { timeoutMs: 30_000 });
  },
  async clone() {
    const port = spawn('clone');
    const { ask, settle } = pendingTable((id, message) => port.postMessage({ id, message }));
    port.on('message', ({ id, message }) => settle(id, message));
    return ask;
  },
  async batch() {
    const { ask, settle } = pendingTable((id, message) => send(id, message));
    const send = rawBatch(spawn('batch'), (id, message) => settle(id, message));
    return ask;
  },
  async comlink() {
    const { echo } = wrap<{ echo(message: SendText): SendText }>(rawEndpoint(spawn('comlink')));
    return (message) => echo(message);
  },
};

function spawn(variant: string): MessagePort {
  const { port1, port2 } = new MessageChannel();
  new Worker(entry, { workerData: { variant, port: port2 }, transferList: [port2] });
  return port1;
}

function pendingTable(send: (id: number, message: SendText) => void): {
  ask: Ask;
  settle: (id: number, value: unknown) => void;
} {
  const pending = new Map<number, (value: unknown) => void>();
  let lastId = 0;
  return {
    ask: (message) =>
      new Promise((resolve) => {
        pending.set(++lastId, resolve);
        send(lastId, message);
      }),
    settle(id, value) {
      pending.get(id)?.(value);
      pending.delete(id);
    },
  };
}

const sliceMs = 25;

/** Rates of slices, so that a moment in which the machine did something else counts as one bad slice. */
class Rate {
  readonly #slices: number[] = [];
  #count = 0;
  #sliceAt = performance.now();

  answered(now: number): void {
    this.#count++;
    if (now - this.#sliceAt < sliceMs) return;
    this.#slices.push((this.#count * 1000) / (now - this.#sliceAt));
    this.#count = 0;
    this.#sliceAt = now;
  }

  /** The upper quartile. */
  perSecond(): number {
    return quantile(this.#slices, 0.75);
  }
}

async function measure(ask: Ask, bytes: number, inFlight: number, ms: number): Promise<AskResult> {
  const message = sendText(bytes);
  const latencies: number[] = [];
  const rate = new Rate();
  const cpu = process.cpuUsage();
  const endAt = performance.now() + ms;
  const loop = async (): Promise<void> => {
    for (let now = performance.now(); now < endAt; ) {
      await ask(message);
      const after = performance.now();
      rate.answered(after);
      latencies.push(after - now);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  const { user, system } = process.cpuUsage(cpu);
  const count = latencies.length;
  const [p50Us, p99Us] = [quantile(latencies, 0.5) * 1000, quantile(latencies, 0.99) * 1000];
  return { bytes, inFlight, perSecond: rate.perSecond(), p50Us, p99Us, cpuUs: (user + system) / count };
}

const [variant = 'runtime', ms = '500'] = process.argv.slice(2);
const ask = await (variants[variant] as () => Promise<Ask>)();
const results: AskResult[] = [];
// Warm before anything is measured: the first shapes and loops that the compiler sees must not decide.
for (const inFlight of [64, 1, 256]) await measure(ask, 200, inFlight, Number(ms));
for (const bytes of [200, 4096]) {
  for (const inFlight of [1, 64, 1024]) {
    await measure(ask, bytes, inFlight, Number(ms));
    results.push(await measure(ask, bytes, inFlight, Number(ms)));
  }
}
console.log(JSON.stringify(results));
process.exit(0);
