/**
 * The acceptance run of webhooks: five endpoints (hang, 500, slow, reset, fine), instances of each, contacts
 * that write through the real gateway; then the bad ones recover. Judged: the fine one is as fast as alone,
 * everything arrives, in order within each chat, under one event id. `kills` adds kill -9 at random moments.
 */
import { Worker } from 'node:worker_threads';
import { writeResults } from '../../bench/lib/report.ts';
import { type Arrival, type EndpointCounts, endpointSecret, type Manner, manners } from './endpoints.ts';
import type { EndpointsSaid } from './endpoints-thread.ts';
import { Ground } from './ground.ts';
import { type Random, seeded } from './random.ts';
import type { Member } from './traffic.ts';

export interface WebhookRunOptions {
  readonly name: string;
  readonly seed: number;
  readonly kills: number;
  /** Instances of each endpoint. */
  readonly instances: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly aloneSeconds: number;
}

/** What a contact wrote, in the order in which the sandbox took it. */
interface Line {
  readonly instance: string;
  readonly contact: string;
  readonly messageId: string;
}

const contactsPerInstance = 8;
const recoveryMaxMs = 600_000;
const p95RatioMax = 2;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const log = (text: string): void => console.log(`  ${text}`);

/** What an endpoint in its thread has seen. */
interface Endpoint {
  readonly name: Manner;
  readonly url: string;
  readonly arrivals: Arrival[];
  counts: EndpointCounts;
}

class Endpoints {
  readonly all: readonly Endpoint[];
  readonly #thread: Worker;

  constructor(thread: Worker, urls: Readonly<Record<Manner, string>>) {
    this.#thread = thread;
    const counts = { attempts: 0, refused: 0, tampered: 0, missedTampering: 0 };
    this.all = manners.map((name) => ({ name, url: urls[name], arrivals: [], counts }));
    thread.on('message', (said: EndpointsSaid) => {
      if (said.kind !== 'seen') return;
      const endpoint = this.all.find(({ name }) => name === said.name) as Endpoint;
      endpoint.counts = said.counts;
      for (const arrival of said.arrivals) endpoint.arrivals.push(arrival);
    });
  }

  static async start(): Promise<Endpoints> {
    const thread = new Worker(new URL('./endpoints-thread.ts', import.meta.url));
    const said = await new Promise<EndpointsSaid>((resolve) => thread.once('message', resolve));
    if (said.kind !== 'listening') throw new Error('the endpoints do not listen');
    return new Endpoints(thread, said.urls);
  }

  /** True: each is bad in its own way. */
  behave(areBad: boolean): void {
    this.#thread.postMessage(areBad);
  }

  async stop(): Promise<void> {
    await this.#thread.terminate();
  }
}

/** The instances, each with the endpoint that its webhook goes to. */
type Crew = ReadonlyMap<Manner, readonly Member[]>;

class Writers {
  readonly lines: Line[] = [];
  readonly failures: string[] = [];
  readonly #ground: Ground;
  readonly #random: Random;
  /** One contact's messages to one instance go one after the other: their order is the truth. */
  readonly #turns = new Map<string, Promise<void>>();
  #made = 0;

  constructor(ground: Ground, random: Random) {
    this.#ground = ground;
    this.#random = random;
  }

  /** Resolves when the time is over and the sandbox has taken everything. */
  async write(members: readonly Member[], perSecond: number, seconds: number): Promise<void> {
    const startedAt = performance.now();
    for (let written = 0; written < perSecond * seconds; ) {
      const due = Math.min(perSecond * seconds, ((performance.now() - startedAt) / 1_000) * perSecond);
      for (; written < due; written++) this.#writeOne(this.#random.pick(members));
      await wait(5);
    }
    await Promise.all(this.#turns.values());
  }

  #writeOne({ id: instance, phone }: Member): void {
    this.#made += 1;
    const text = `line ${this.#made}`;
    const contact = `55119${60_000_000 + this.#random.below(contactsPerInstance) * 10_000 + 8_001}`;
    const pair = `${instance} ${contact}`;
    const turn = (this.#turns.get(pair) ?? Promise.resolve()).then(async () => {
      const messageId = await this.#ground.sandbox.sendFrom(contact, phone, text);
      this.lines.push({ instance, contact, messageId });
    });
    this.#turns.set(
      pair,
      turn.catch((error: unknown) => void this.failures.push(String(error))),
    );
  }
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
const p50 = (values: readonly number[]): number => quantile(values, 0.5);
const p95 = (values: readonly number[]): number => quantile(values, 0.95);
const messagesOf = (endpoint: Endpoint): Arrival[] =>
  endpoint.arrivals.filter(({ type }) => type === 'message.received');

/** kill -9 at random moments over the time of the run. */
async function kill(ground: Ground, random: Random, { kills, seconds }: WebhookRunOptions): Promise<void> {
  for (let round = 0; round < kills; round++) {
    await wait(((0.5 + random.next()) * seconds * 1_000) / (kills + 1));
    await ground.kill();
    const startedAt = Date.now();
    await ground.start();
    log(`kill ${round + 1}/${kills}, REST back in ${Date.now() - startedAt} ms`);
  }
}

async function recover({ all }: Endpoints, writers: Writers): Promise<number> {
  const startedAt = Date.now();
  let missing = writers.lines.length;
  while (missing > 0 && Date.now() - startedAt < recoveryMaxMs) {
    await wait(250);
    const arrived = new Set(all.flatMap(messagesOf).map(({ messageId }) => messageId));
    missing = writers.lines.filter(({ messageId }) => !arrived.has(messageId)).length;
  }
  return (Date.now() - startedAt) / 1_000;
}

interface Judged {
  readonly figures: Readonly<Record<string, number>>;
  readonly broken: readonly string[];
}

/** First arrivals of each chat against the order of the contact. */
function disorder(lines: readonly Line[], arrivals: readonly Arrival[]): number {
  const firstAt = new Map<string, number>();
  for (const [at, { messageId }] of arrivals.entries())
    if (!firstAt.has(messageId)) firstAt.set(messageId, at);
  const last = new Map<string, number>();
  let wrong = 0;
  for (const { instance, contact, messageId } of lines) {
    const at = firstAt.get(messageId);
    if (at === undefined) continue;
    const chat = `${instance} ${contact}`;
    if (at < (last.get(chat) ?? -1)) wrong += 1;
    last.set(chat, Math.max(at, last.get(chat) ?? -1));
  }
  return wrong;
}

/** First arrivals of each chat against the times of their events: what webhooks themselves promise. */
function overtakings(arrivals: readonly Arrival[]): number {
  const seen = new Set<string>();
  const last = new Map<string, number>();
  let wrong = 0;
  for (const { eventId, instance, chat, at } of arrivals) {
    if (seen.has(eventId)) continue;
    seen.add(eventId);
    const key = `${instance} ${chat}`;
    if (at < (last.get(key) ?? 0)) wrong += 1;
    last.set(key, Math.max(at, last.get(key) ?? 0));
  }
  return wrong;
}

function judge(endpoints: readonly Endpoint[], writers: Writers, dead: number): Judged {
  const arrivals = endpoints.flatMap(messagesOf);
  const ids = new Map<string, Set<string>>();
  for (const { messageId, eventId } of arrivals)
    ids.set(messageId, (ids.get(messageId) ?? new Set()).add(eventId));
  const sum = (of: (endpoint: Endpoint) => number): number =>
    endpoints.reduce((total, endpoint) => total + of(endpoint), 0);
  const figures = {
    written: writers.lines.length,
    lost: writers.lines.filter(({ messageId }) => !ids.has(messageId)).length,
    eventsOutOfOrder: endpoints.reduce((wrong, one) => wrong + overtakings(messagesOf(one)), 0),
    outOfOrder: endpoints.reduce((wrong, one) => wrong + disorder(writers.lines, messagesOf(one)), 0),
    severalEventIds: [...ids.values()].filter((of) => of.size > 1).length,
    repeatsWithSameId: arrivals.length - new Set(arrivals.map(({ eventId }) => eventId)).size,
    deadLetters: dead,
    attempts: sum(({ counts }) => counts.attempts),
    signaturesRefused: sum(({ counts }) => counts.refused),
    tamperedTried: sum(({ counts }) => counts.tampered),
    tamperedAccepted: sum(({ counts }) => counts.missedTampering),
    writerFailures: writers.failures.length,
  };
  const mustBeNone = [
    'lost',
    'eventsOutOfOrder',
    'outOfOrder',
    'severalEventIds',
    'deadLetters',
    'signaturesRefused',
  ] as const;
  const none = [...mustBeNone, 'tamperedAccepted', 'writerFailures'] as const;
  const broken = none.filter((name) => figures[name] > 0).map((name) => `${name}: ${figures[name]}, not 0`);
  if (figures.tamperedTried === 0) broken.push('no tampered delivery was tried');
  return { figures, broken };
}

async function openCrew(ground: Ground, endpoints: readonly Endpoint[], instances: number): Promise<Crew> {
  const hookOf = (index: number): { url: string; secret: string } => ({
    url: (endpoints[index % endpoints.length] as Endpoint).url,
    secret: endpointSecret,
  });
  const members = await ground.openInstances(instances * endpoints.length, hookOf);
  const indexOf = ({ id }: Member): number => Number(id.slice(1));
  return new Map(
    endpoints.map(({ name }, at) => [name, members.filter((one) => indexOf(one) % endpoints.length === at)]),
  );
}

/** 95th percentiles of the fine endpoint, ms from the event to its arrival. */
interface Latencies {
  /** It alone, at its own rate. */
  readonly aloneP95Ms: number;
  /** All five fine, at the full rate: what the load alone does. */
  readonly allFineP95Ms: number;
  readonly besideP95Ms: number;
  readonly ratio: number;
}

/** Events that reached the fine endpoint while `work` went on. */
async function latencyDuring(fine: Endpoint, what: string, work: Promise<unknown>): Promise<number> {
  const before = messagesOf(fine).length;
  await work;
  await wait(1_000);
  const ages = messagesOf(fine)
    .slice(before)
    .map(({ ageMs }) => ageMs);
  log(`${what}: ${ages.length} events at the fine endpoint, p50 ${p50(ages)} ms, p95 ${p95(ages)} ms`);
  return p95(ages);
}

async function run(
  ground: Ground,
  endpoints: Endpoints,
  options: WebhookRunOptions,
): Promise<{ judged: Judged; latencies: Latencies; recoverySeconds: number }> {
  const { perSecond, seconds, aloneSeconds, seed } = options;
  const random = seeded(seed);
  const crew = await openCrew(ground, endpoints.all, options.instances);
  const everybody = [...crew.values()].flat();
  log(`${everybody.length} instances open`);
  const writers = new Writers(ground, random);
  const fine = endpoints.all[0] as Endpoint;
  const alone = writers.write(crew.get('fine') ?? [], perSecond / manners.length, aloneSeconds);
  const aloneP95Ms = await latencyDuring(fine, 'alone', alone);
  const control = writers.write(everybody, perSecond, aloneSeconds);
  const allFineP95Ms = await latencyDuring(fine, 'all five fine', control);
  endpoints.behave(true);
  const faults = Promise.all([writers.write(everybody, perSecond, seconds), kill(ground, random, options)]);
  const besideP95Ms = await latencyDuring(fine, 'four are bad', faults);
  endpoints.behave(false);
  for (const { name, arrivals, counts } of endpoints.all)
    log(`${name}: ${counts.attempts} attempts, ${arrivals.length} taken so far`);
  const recoverySeconds = await recover(endpoints, writers);
  const letters = await ground.call('GET', '/v1/dead-letters?limit=200');
  const ratio = besideP95Ms / Math.max(1, aloneP95Ms);
  return {
    judged: judge(endpoints.all, writers, letters.items.length),
    latencies: { aloneP95Ms, allFineP95Ms, besideP95Ms, ratio },
    recoverySeconds,
  };
}

export async function playWebhooks(options: WebhookRunOptions): Promise<boolean> {
  const { name, seed, kills, seconds, perSecond } = options;
  console.log(`fault ${name}: five endpoints, ${perSecond}/s for ${seconds} s, ${kills} kills; seed ${seed}`);
  const ground = await Ground.prepare();
  const endpoints = await Endpoints.start();
  try {
    await ground.start();
    const { judged, latencies, recoverySeconds } = await run(ground, endpoints, options);
    const broken = [...judged.broken];
    // While the process is down and starts anew nobody is fast: judged without kills only.
    if (kills === 0 && latencies.ratio > p95RatioMax)
      broken.push(`fine p95 is ${latencies.ratio.toFixed(2)} times that of the endpoint alone`);
    const figures = { ...judged.figures, ...latencies, recoverySeconds };
    console.table(figures);
    for (const line of broken) console.log(`BROKEN: ${line}`);
    console.log(`${broken.length === 0 ? 'PASS' : 'FAIL'} ${name} (replay: --seed ${seed})`);
    writeResults(`faults-${name}`, { options, figures, broken });
    return broken.length === 0;
  } finally {
    await endpoints.stop();
    await ground.end();
  }
}
