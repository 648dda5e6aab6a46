/**
 * One side of the operations bench in a process of its own: `operations-run.ts SIDE ACCOUNTS MESSAGES [PROFILED
 * [ONLY [ROUNDS]]]`. The same fixed script on both: each operation warmed, then measured until the thread is
 * quiet again, so that receipts and what they set off are paid by the operation that caused them. Prints thread
 * CPU ms each. PROFILED: the operation whose CPU profile goes to the temp folder; ONLY: that one beside connect.
 */

import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { Phone } from './lib/phone.ts';
import { ours } from './operations-ours.ts';
import { type Side, until } from './operations-side.ts';
import { stock } from './operations-stock.ts';

export const operations = ['connect', 'send', 'sendReply', 'inbound', 'groupSend', 'groupReceive'] as const;
export type OperationsResult = Record<(typeof operations)[number], number>;

const [variant = 'ours', accountsText = '12', messagesText = '600', ...options] = process.argv.slice(2);
const [profiled = '', only = '', connectRoundsText = '5'] = options;
const accountCount = Number(accountsText);
const perAccount = Math.ceil(Number(messagesText) / accountCount);
const inFlightPerAccount = 4;
const connectsAtOnce = 4;
const connectRounds = Number(connectRoundsText);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

const silent = (n: number): string => `55119${String(n).padStart(4, '0')}8001`;
const echoing = (n: number): string => `55119${String(n).padStart(4, '0')}0001`;

async function settled(): Promise<void> {
  const quietMs = 4;
  for (let before = cpuMs(), quiet = 0; quiet < 3; ) {
    await pause(80);
    const now = cpuMs();
    quiet = now - before < quietMs ? quiet + 1 : 0;
    before = now;
  }
}

function profiledRun<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (profiled !== name) return work();
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.start');
  return work().finally(() =>
    session.post('Profiler.stop', (_error, { profile }) =>
      writeFileSync(`/tmp/elenco-${variant}-${name}.cpuprofile`, JSON.stringify(profile)),
    ),
  );
}

interface Account {
  readonly id: string;
  readonly index: number;
  phone: string;
  group: string;
}

class Script {
  readonly #side: Side;
  readonly #phone: Phone;
  readonly #accounts: Account[];

  constructor(side: Side, phone: Phone) {
    this.#side = side;
    this.#phone = phone;
    this.#accounts = Array.from({ length: accountCount }, (_, index) => ({
      id: `op${index}`,
      index,
      phone: '',
      group: '',
    }));
  }

  async run(): Promise<OperationsResult> {
    await this.#few((account) => this.#pair(account));
    await settled();
    for (const account of this.#accounts) {
      const members = [1, 2, 3, 4].map((n) => silent(account.index * 10 + n));
      account.group = await this.#phone.group(silent(account.index * 10), [...members, account.phone]);
    }
    await this.#reconnectAll(2);
    const connect = await this.#measured('connect', accountCount * connectRounds, () =>
      this.#reconnectAll(connectRounds),
    );
    const phase = async (name: string, work: (count: number) => Promise<unknown>): Promise<number> => {
      if (only !== '' && only !== name) return Number.NaN;
      await work(Math.max(5, Math.ceil(perAccount / 4)));
      await settled();
      return this.#measured(name, perAccount * accountCount, () => work(perAccount));
    };
    return {
      connect,
      send: await phase('send', (count) => this.#send(count, ({ index }) => silent(index * 10))),
      sendReply: await phase('sendReply', (count) => this.#sendReply(count)),
      inbound: await phase('inbound', (count) => this.#speak(count, ({ phone }) => phone)),
      groupSend: await phase('groupSend', (count) => this.#send(count, ({ group }) => group)),
      groupReceive: await phase('groupReceive', (count) => this.#speak(count, ({ group }) => group)),
    };
  }

  async #measured(name: string, count: number, work: () => Promise<unknown>): Promise<number> {
    await settled();
    const before = cpuMs();
    await profiledRun(name, async () => {
      await work();
      await settled();
    });
    return (cpuMs() - before) / count;
  }

  async #few(work: (account: Account) => Promise<void>): Promise<void> {
    const left = [...this.#accounts];
    const next = async (): Promise<void> => {
      for (let account = left.shift(); account; account = left.shift()) await work(account);
    };
    await Promise.all(Array.from({ length: connectsAtOnce }, next));
  }

  async #reconnectAll(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      await this.#few((account) => this.#reconnect(account));
      await settled();
    }
  }

  async #pair(account: Account): Promise<void> {
    account.phone = await this.#phone.scan(await this.#side.pair(account.id));
    await this.#side.untilOpen(account.id);
  }

  async #reconnect({ id }: Account): Promise<void> {
    await this.#side.disconnect(id);
    await this.#side.connect(id);
  }

  async #send(count: number, to: (account: Account) => string): Promise<void> {
    const all = this.#accounts.map(async (account) => {
      let next = 0;
      const lane = async (): Promise<void> => {
        while (next++ < count) await this.#side.send(account.id, to(account), `message ${next} of a bench`);
      };
      await Promise.all(Array.from({ length: inFlightPerAccount }, lane));
    });
    await Promise.all(all);
  }

  async #sendReply(count: number): Promise<void> {
    const target = this.#side.received() + count * accountCount;
    await this.#send(count, ({ index }) => echoing(index));
    await until(() => this.#side.received() >= target, 'every reply came');
  }

  async #speak(count: number, to: (account: Account) => string): Promise<void> {
    const target = this.#side.received() + count * accountCount;
    const pairs = this.#accounts.map((account) => ({
      from: silent(account.index * 10 + 3),
      to: to(account),
    }));
    await this.#phone.speak(pairs, count);
    await until(() => this.#side.received() >= target, 'every message came');
  }
}

const phone = await Phone.start();
const side = await (variant === 'ours' ? ours(phone) : stock(phone));
const result = await new Script(side, phone).run();
process.stdout.write(`${JSON.stringify(result)}\n`);
await side.stop();
await phone.stop();
process.exit(0);
