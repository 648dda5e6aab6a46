/**
 * What makes each alert fire on a real gateway, and what mends it: the work of callers and contacts, WhatsApp
 * away, an endpoint down. Thresholds are the defaults; only the room is small (a heap, a core).
 */
import { Pool } from 'undici';
import type { AlertName } from '../../src/protocol/operations.ts';
import { faultKey, type Ground } from './ground.ts';
import type { Member } from './traffic.ts';

export interface Trouble {
  begin(): Promise<void>;
  end(): Promise<void>;
  /** After the alert has cleared: ends what went on without harm. */
  over?(): Promise<void>;
}

export interface CauseContext {
  readonly ground: Ground;
  readonly members: readonly Member[];
  log(line: string): void;
  isFiring(): Promise<boolean>;
}

export interface Cause {
  readonly name: AlertName;
  readonly about: string;
  readonly instances: number;
  readonly hasWebhook: boolean;
  readonly fireLimitMs: number;
  readonly clearLimitMs: number;
  readonly env?: Readonly<Record<string, string>>;
  /** A command that the gateway is started through. */
  readonly through?: readonly string[];
  /** Flags of Node. */
  readonly flags?: readonly string[];
  prepare(context: CauseContext): Promise<Trouble>;
}

const minuteMs = 60_000;
const productionFlags = ['--expose-gc', '--max-old-space-size=8192', '--optimize-for-size'];
const unlimited = {
  ...{ RATE_LIMIT_MESSAGES: 'off', RATE_LIMIT_QUERIES: 'off' },
  ...{ RATE_LIMIT_INSTANCES: 'off', RATE_LIMIT_GLOBAL: 'off' },
};
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Clients that each wait for an answer before they ask again. */
class Clients {
  answers = 0;
  readonly #pool: Pool;
  readonly failures: string[] = [];
  readonly #running: Promise<unknown>[] = [];
  #isOver = false;

  constructor(ground: Ground) {
    this.#pool = new Pool(ground.baseUrl, { connections: 64 });
  }

  run(count: number, ask: (turn: number) => { path: string; body?: object }, pauseMs = 0): void {
    for (let client = 0; client < count; client++)
      this.#running.push(
        this.#loop(client, ask, pauseMs).catch((error) => this.failures.push(String(error))),
      );
  }

  async #loop(client: number, ask: (turn: number) => { path: string; body?: object }, pauseMs: number) {
    for (let turn = client; !this.#isOver; turn += 64) {
      const { path, body } = ask(turn);
      const headers = { authorization: `Bearer ${faultKey}`, 'content-type': 'application/json' };
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await this.#pool.request({ path, method: body ? 'POST' : 'GET', headers, ...sent });
      await answer.body.dump();
      this.answers += 1;
      if (pauseMs > 0) await wait(pauseMs);
    }
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
    await this.#pool.close();
  }
}

const messagesOf = ({ id }: Member): string => `/v1/instances/${id}/messages`;
const silentContact = (turn: number): string => `55119${80_000_000 + (turn % 200) * 10_000 + 8_001}`;
const absentContact = (turn: number): string => `55119${80_000_000 + (turn % 200) * 10_000 + 9_001}`;

/** How full the heap of the shard is, after its garbage is gone. */
async function heapShare(ground: Ground): Promise<number> {
  await ground.call('POST', '/monitoring/gc');
  const { threads } = (await ground.call('GET', '/monitoring/metrics')) as {
    threads: { thread: string; heapUsedBytes: number; heapLimitBytes: number }[];
  };
  const shard = threads.find(({ thread }) => thread === 'shard-0');
  return shard ? shard.heapUsedBytes / shard.heapLimitBytes : 0;
}

/** Number checks, ever new ones, until what is remembered of them fills the heap. */
async function fillNumberCache({ ground, members, log }: CauseContext): Promise<void> {
  const wanted = 0.88;
  let asked = 0;
  const checkNew = async ({ id }: Member): Promise<void> => {
    const numbers = Array.from({ length: 500 }, () => `55119${60_000_000 + asked++ * 7}`);
    const { results } = await ground.call('POST', `/v1/instances/${id}/numbers/check`, { numbers });
    if (!results) throw new Error('the numbers were not checked');
  };
  for (let round = 0; ; round++) {
    if (round % 10 === 0 && (await heapShare(ground)) > wanted) break;
    await Promise.all(members.map(checkNew));
  }
  log(`${asked} numbers were checked, and are remembered`);
}

const memory: Cause = {
  name: 'memory_high',
  about:
    'a number cache too large for its heap (SHARD_HEAP_MB=96, a million numbers), under the production flags',
  ...{ instances: 2, hasWebhook: false, fireLimitMs: 5 * minuteMs, clearLimitMs: 5 * minuteMs },
  env: { SHARDS: '1', SHARD_HEAP_MB: '96', NUMBER_CACHE_MAX: '1000000' },
  flags: productionFlags,
  async prepare(context) {
    return {
      begin: () => fillNumberCache(context),
      async end() {
        const { cleared } = await context.ground.call('POST', '/monitoring/cache/clear', {
          caches: ['numbers'],
        });
        context.log(`cache cleared of ${cleared.numbers} numbers`);
      },
    };
  },
};

const cpu: Cause = {
  name: 'cpu_high',
  about: 'one core (taskset -c 0), and more sends and checks of whole lists of numbers than it can serve',
  ...{ instances: 20, hasWebhook: true, fireLimitMs: 10 * minuteMs, clearLimitMs: 5 * minuteMs },
  env: unlimited,
  flags: productionFlags,
  through: ['taskset', '-c', '0'],
  async prepare({ ground, members, log }) {
    const clients = new Clients(ground);
    const member = (turn: number): Member => members[turn % members.length] as Member;
    return {
      async begin() {
        clients.run(8, (turn) => ({
          path: messagesOf(member(turn)),
          body: { to: silentContact(turn), type: 'text', text: `load ${turn}` },
        }));
        const lists = Array.from({ length: 20 }, (_, list) => ({
          numbers: Array.from({ length: 500 }, (__, at) => `55119${60_000_000 + list * 10_000 + at}`),
        }));
        clients.run(16, (turn) => ({
          path: `/v1/instances/${member(turn).id}/numbers/check`,
          body: lists[turn % lists.length] as object,
        }));
      },
      async end() {
        await clients.stop();
        log(`${clients.answers} requests were answered, ${clients.failures.length} clients gave up`);
      },
    };
  },
};

/** Callers that wait for phones which are off: slow by their own wish, so the alert stays quiet. */
async function waitForPhones({ ground, members, log, isFiring }: CauseContext): Promise<void> {
  const clients = new Clients(ground);
  clients.run(12, (turn) => ({
    path: messagesOf(members[turn % members.length] as Member),
    body: {
      to: absentContact(turn),
      type: 'text',
      text: `patient ${turn}`,
      wait: 'delivered',
      timeoutMs: 8_000,
    },
  }));
  await wait(1.5 * minuteMs);
  if (await isFiring()) throw new Error('requests that asked to wait for a phone count as slow');
  await clients.stop();
  log(`quiet through 90 s of ${clients.answers} requests that waited 8 s for phones that were off`);
}

const response: Cause = {
  name: 'response_slow',
  about: "WhatsApp's server acknowledges every message 7 s late, and callers wait for it",
  ...{ instances: 4, hasWebhook: false, fireLimitMs: 3 * minuteMs, clearLimitMs: 5 * minuteMs },
  async prepare(context) {
    const { ground, members } = context;
    await waitForPhones(context);
    const clients = new Clients(ground);
    const { faults } = ground.sandbox;
    return {
      async begin() {
        faults.stanza({ effect: 'delay', tag: 'ack', delayMs: 7_000, count: 1_000_000 });
        const ask = (turn: number) => ({
          path: messagesOf(members[turn % members.length] as Member),
          // A phone that is on would say before the server that the message is there.
          body: { to: absentContact(turn), type: 'text', text: `late ${turn}` },
        });
        clients.run(8, ask, 250);
      },
      end: async () => faults.clear(),
      over: () => clients.stop(),
    };
  },
};

const disconnected: Cause = {
  name: 'instances_disconnected',
  about: 'WhatsApp drops 12 instances and refuses every new connection',
  ...{ instances: 12, hasWebhook: false, fireLimitMs: 3 * minuteMs, clearLimitMs: 8 * minuteMs },
  async prepare({ ground, log }) {
    const { faults } = ground.sandbox;
    return {
      async begin() {
        faults.door('refuse', 60 * minuteMs);
        log(`${faults.close('drop')} connections dropped`);
      },
      end: async () => faults.door('open', 0),
    };
  },
};

const queue: Cause = {
  name: 'webhook_queue_long',
  about: 'the endpoint answers 503 while contacts write 1,200 messages',
  ...{ instances: 4, hasWebhook: true, fireLimitMs: 3 * minuteMs, clearLimitMs: 10 * minuteMs },
  async prepare({ ground, members, log }) {
    return {
      async begin() {
        ground.hook.status = 503;
        for (let written = 0; written < 1_200; written += members.length)
          await Promise.all(
            members.map(({ phone }) =>
              ground.sandbox.sendFrom(silentContact(written), phone, `while it is down ${written}`),
            ),
          );
      },
      async end() {
        const before = ground.hook.of('message.received').length;
        ground.hook.status = 200;
        await ground.hook.until(
          () => ground.hook.of('message.received').length - before >= 1_200,
          'the 1,200 events arrive',
          8 * minuteMs,
        );
        log('all 1,200 events have arrived');
      },
    };
  },
};

export const causes: readonly Cause[] = [queue, disconnected, response, memory, cpu];
