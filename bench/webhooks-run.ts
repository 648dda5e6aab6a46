/**
 * One variant of the webhook bench in a process of its own: `webhooks-run.ts VARIANT URL COUNT`. Prints one
 * JSON line. `bare` is undici's Pool alone, `drain` the actor over a backlog, `enqueue` what a shard pays,
 * `stream` the whole path at 1,000 events a second.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { systemClock } from '../src/clock.ts';
import { loadConfig } from '../src/config.ts';
import { createLog } from '../src/log.ts';
import type { EventRecord } from '../src/protocol/events.ts';
import type { WebhookConfig } from '../src/protocol/instance.ts';
import { encodeEventFrame } from '../src/store/event-frame.ts';
import { openStore } from '../src/store/lmdb/open.ts';
import type { Store } from '../src/store/ports.ts';
import { SequenceClock } from '../src/store/sequence.ts';
import { createRing, RingWriter } from '../src/thread/ring.ts';
import { createDoorbell, Doorbell } from '../src/thread/wake.ts';
import { WebhookActor } from '../src/webhook/actor.ts';
import { quantile } from './lib/figures.ts';

export interface RunResult {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly heapMb: number;
  readonly p50: number;
  readonly p99: number;
}

const [variant = 'bare', url = '', countText = '1000'] = process.argv.slice(2);
const count = Number(countText);
const inFlight = 25;
const clock = systemClock;
const dir = mkdtempSync(join(tmpdir(), 'elenco-bench-'));
const ring = createRing(4 * 1_048_576);
const doorbell = createDoorbell();
const sequence = new SequenceClock(0);
const encoder = new TextEncoder();
const filler = 'x'.repeat(560);
let made = 0;

function someEvent(): EventRecord {
  made += 1;
  const at = clock.now();
  const [id, instance, type] = [`0193-bench-${made}`, `i${made % 150}`, 'message.received' as const];
  const data = { text: filler, number: made };
  const body = encoder.encode(JSON.stringify({ id, type, instance, at, data }));
  return { seq: sequence.next(at), id, type, instance, chat: `c${made % 40}`, at, body };
}

const open = (): Promise<Store> =>
  openStore({
    dir,
    identity: { socketHost: 'bench', rootKey: 'bench' },
    durability: 'process',
    isOwner: true,
    clock,
  });

async function startActor(store: Store): Promise<WebhookActor> {
  const config = loadConfig({ DATA_DIR: dir, WEBHOOK_CONCURRENCY: String(inFlight) });
  const webhook: WebhookConfig = {
    ...{ url, events: ['*'], headers: {}, ordered: true, enabled: true },
    ...{ secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` },
    ...{ previousSecret: null, previousSecretUntil: null },
  };
  await store.commit([{ to: 'globalWebhook', value: webhook }]);
  const actor = new WebhookActor({
    boot: { config, rings: [ring], doorbell },
    ...{ store, clock, log: createLog('warn'), tell: () => undefined, ownsStore: false },
  });
  await actor.start();
  return actor;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** CPU of the process (LMDB's writer thread included) and wall time of `work`, a unit of `count`. */
async function measure(
  work: () => Promise<number>,
): Promise<{ perSecond: number; cpuUs: number; heapMb: number }> {
  const [cpu, startedAt] = [process.cpuUsage(), clock.elapsed()];
  const heapMb = await work();
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: count / ((clock.elapsed() - startedAt) / 1_000),
    cpuUs: (user + system) / count,
    heapMb,
  };
}

const heapNow = (): number => process.memoryUsage().heapUsed / 1_048_576;

async function bare(): Promise<Partial<RunResult>> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: inFlight });
  const post = async (): Promise<void> => {
    const { body } = someEvent();
    const headers = { 'content-type': 'application/json' };
    const answer = await pool.request({ path: pathname, method: 'POST', headers, body });
    await answer.body.dump();
  };
  const lane = async (posts: number): Promise<void> => {
    for (let done = 0; done < posts; done++) await post();
  };
  await Promise.all(Array.from({ length: inFlight }, () => lane(40)));
  return measure(async () => {
    await Promise.all(Array.from({ length: inFlight }, () => lane(Math.floor(count / inFlight))));
    return heapNow();
  });
}

async function fill(store: Store, total: number): Promise<void> {
  const perCommit = 1_000;
  for (let done = 0; done < total; done += perCommit) {
    const size = Math.min(perCommit, total - done);
    const events = Array.from({ length: size }, someEvent);
    await store.commit(events.map((event) => ({ to: 'event', event, webhooks: ['*'] }) as const));
  }
}

/** Until nothing is pending; answers the largest heap that was seen. */
async function untilDrained(store: Store): Promise<number> {
  let heap = 0;
  while ((await store.outbox.pending('*', 0, 1)).length > 0) {
    heap = Math.max(heap, heapNow());
    await pause(50);
  }
  return heap;
}

async function drain(): Promise<Partial<RunResult>> {
  const store = await open();
  const actor = await startActor(store);
  // Warm, as the bare variant is.
  await fill(store, 3_000);
  actor.receive({ kind: 'PageOutbox', webhook: '*' });
  await untilDrained(store);
  await actor.stop();
  await fill(store, count);
  let second: WebhookActor | undefined;
  const result = await measure(async () => {
    second = await startActor(store);
    return untilDrained(store);
  });
  await second?.stop();
  await store.close();
  return result;
}

/** Time of the shard's thread for event, commit and ring, an event at a time and in flushes of 16. */
async function enqueue(size: number): Promise<Partial<RunResult>> {
  const store = await open();
  const writer = new RingWriter(ring, new Doorbell(doorbell));
  const perEventUs: number[] = [];
  const flushes = Math.floor(count / size);
  for (let flush = 0; flush < flushes; flush++) {
    const cpu = process.threadCpuUsage();
    const events = Array.from({ length: size }, someEvent);
    const dedupe = events.map(
      ({ instance, seq, id }) => ({ to: 'dedupe', instance, chat: 'c', sender: 's', id, seq }) as const,
    );
    const writes = events.map((event) => ({ to: 'event', event, webhooks: ['*'] }) as const);
    await store.commit([...writes, ...dedupe]);
    writer.push(
      encodeEventFrame({
        shard: 0,
        frame: flush,
        events: events.map((event) => ({ event, webhooks: ['*'] })),
      }),
    );
    const { user, system } = process.threadCpuUsage(cpu);
    perEventUs.push((user + system) / size);
  }
  await store.close();
  const half = perEventUs.slice(Math.floor(perEventUs.length / 2));
  return { p50: quantile(half, 0.5), p99: quantile(half, 0.99) };
}

async function stream(): Promise<Partial<RunResult>> {
  const store = await open();
  const actor = await startActor(store);
  const writer = new RingWriter(ring, new Doorbell(doorbell));
  await fetch(url);
  const perTick = 5;
  const result = await measure(async () => {
    for (let frame = 1; frame <= count / perTick; frame++) {
      const events = Array.from({ length: perTick }, () => ({ event: someEvent(), webhooks: ['*'] }));
      await store.commit(events.map((framed) => ({ to: 'event', ...framed }) as const));
      writer.push(encodeEventFrame({ shard: 0, frame, events }));
      await pause(perTick - 1);
    }
    while ((await store.outbox.pending('*', 0, 1)).length > 0) await pause(5);
    return heapNow();
  });
  const seen = (await (await fetch(url)).json()) as { p50Ms: number; p99Ms: number };
  await actor.stop();
  await store.close();
  return { ...result, p50: seen.p50Ms, p99: seen.p99Ms };
}

const variants: Record<string, () => Promise<Partial<RunResult>>> = {
  bare,
  drain,
  enqueue1: () => enqueue(1),
  enqueue16: () => enqueue(16),
  stream,
};
const none: RunResult = { perSecond: 0, cpuUs: 0, heapMb: 0, p50: 0, p99: 0 };
const result = { ...none, ...(await variants[variant]?.()) };
rmSync(dir, { recursive: true, force: true });
console.log(JSON.stringify(result));
process.exit(0);
