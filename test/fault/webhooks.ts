/**
 * The acceptance run of webhooks: five endpoints (hang, 500, slow, reset, fine), instances of each, contacts
 * that write through the real gateway; then the bad ones recover. Judged: the fine one is as fast as alone,
 * everything arrives, in order within each chat, under one event id. `kills` adds kill -9 at random moments.
 */
import { writeResults } from '../../bench/lib/report.ts';
import { type Arrival, Endpoint, endpointSecret, type Manner, manners } from './endpoints.ts';
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

const p95 = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? 0;
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

async function recover(endpoints: readonly Endpoint[], writers: Writers): Promise<number> {
  const startedAt = Date.now();
  for (const endpoint of endpoints) endpoint.manner = 'fine';
  let missing = writers.lines.length;
  while (missing > 0 && Date.now() - startedAt < recoveryMaxMs) {
    await wait(250);
    const arrived = new Set(endpoints.flatMap(messagesOf).map(({ messageId }) => messageId));
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
    outOfOrder: endpoints.reduce((wrong, one) => wrong + disorder(writers.lines, messagesOf(one)), 0),
    severalEventIds: [...ids.values()].filter((of) => of.size > 1).length,
    repeatsWithSameId: arrivals.length - new Set(arrivals.map(({ eventId }) => eventId)).size,
    deadLetters: dead,
    attempts: sum(({ attempts }) => attempts),
    signaturesRefused: sum(({ refused }) => refused),
    tamperedTried: sum(({ tampered }) => tampered),
    tamperedAccepted: sum(({ missedTampering }) => missedTampering),
    writerFailures: writers.failures.length,
  };
  const mustBeNone = ['lost', 'outOfOrder', 'severalEventIds', 'deadLetters', 'signaturesRefused'] as const;
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

/** Latencies of the fine endpoint, alone and beside the bad ones. */
interface Latencies {
  readonly aloneP95Ms: number;
  readonly besideP95Ms: number;
  readonly ratio: number;
}

async function run(
  ground: Ground,
  endpoints: readonly Endpoint[],
  options: WebhookRunOptions,
): Promise<{ judged: Judged; latencies: Latencies; recoverySeconds: number }> {
  const { perSecond, seconds, aloneSeconds, seed } = options;
  const random = seeded(seed);
  const crew = await openCrew(ground, endpoints, options.instances);
  log(`${[...crew.values()].flat().length} instances open`);
  const writers = new Writers(ground, random);
  const fine = endpoints[0] as Endpoint;
  await writers.write(crew.get('fine') ?? [], perSecond / endpoints.length, aloneSeconds);
  await wait(1_000);
  const aloneP95Ms = p95(messagesOf(fine).map(({ ageMs }) => ageMs));
  const before = messagesOf(fine).length;
  log(`fine alone: ${before} events, p95 ${aloneP95Ms} ms`);
  for (const endpoint of endpoints) endpoint.manner = endpoint.name;
  await Promise.all([
    writers.write([...crew.values()].flat(), perSecond, seconds),
    kill(ground, random, options),
  ]);
  const beside = messagesOf(fine)
    .slice(before)
    .map(({ ageMs }) => ageMs);
  const latencies = { aloneP95Ms, besideP95Ms: p95(beside), ratio: p95(beside) / Math.max(1, aloneP95Ms) };
  log(`fine beside the bad ones: ${beside.length} events, p95 ${latencies.besideP95Ms} ms`);
  for (const { name, arrivals, attempts } of endpoints)
    log(`${name}: ${attempts} attempts, ${arrivals.length} taken so far`);
  const recoverySeconds = await recover(endpoints, writers);
  const letters = await ground.call('GET', '/v1/dead-letters?limit=200');
  return { judged: judge(endpoints, writers, letters.items?.length ?? 0), latencies, recoverySeconds };
}

export async function playWebhooks(options: WebhookRunOptions): Promise<boolean> {
  const { name, seed, kills, seconds, perSecond } = options;
  console.log(`fault ${name}: five endpoints, ${perSecond}/s for ${seconds} s, ${kills} kills; seed ${seed}`);
  const ground = await Ground.prepare({ WEBHOOK_MAX_ATTEMPTS: '12' });
  const endpoints = await Promise.all(manners.map(Endpoint.start));
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
    for (const endpoint of endpoints) endpoint.stop();
    await ground.end();
  }
}
