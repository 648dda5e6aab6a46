/**
 * What does one message cost a shard thread? Real sockets over the embedded store in this thread, the
 * sandbox in a worker of its own; thread CPU per operation by phase. Run: node bench/signal-socket.ts.
 * `ACCOUNTS`, `MESSAGES` set the size; the result is one JSON line.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { systemClock } from '../src/clock.ts';
import { createLog } from '../src/log.ts';
import { defaultInstanceSettings } from '../src/protocol/instance.ts';
import { startSandbox } from '../src/sandbox/sandbox.ts';
import { openStore } from '../src/store/lmdb/open.ts';
import type { Store, StoreWrite } from '../src/store/ports.ts';
import { createCacheBoard } from '../src/whatsapp/cache-board.ts';
import { openWaSocket } from '../src/whatsapp/connect.ts';
import { installWhatsapp } from '../src/whatsapp/install.ts';
import type { WaFact, WaSocket } from '../src/whatsapp/wa-socket.ts';

const accountCount = Number(process.env['ACCOUNTS'] ?? 8);
const messageCount = Number(process.env['MESSAGES'] ?? 1_500);
const inFlightPerAccount = 8;

type Request = { id: number } & (
  | { kind: 'scan'; qr: string }
  | { kind: 'speak'; from: string; to: string; count: number }
  | { kind: 'stop' }
);

async function serve(): Promise<void> {
  const port = parentPort;
  if (!port) return;
  const sandbox = await startSandbox({ phoneDecrypts: false });
  port.postMessage({ url: sandbox.url, rootKey: sandbox.rootKey });
  const answer = async (request: Request): Promise<unknown> => {
    if (request.kind === 'scan') return sandbox.scan(request.qr);
    if (request.kind === 'stop') return sandbox.stop();
    for (let n = 0; n < request.count; n += 1) await sandbox.sendFrom(request.from, request.to, `in ${n}`);
    return null;
  };
  port.on('message', async (request: Request) => {
    await answer(request);
    port.postMessage({ id: request.id });
  });
}

class Phone {
  private readonly worker = new Worker(new URL(import.meta.url));
  private readonly waiting = new Map<number, () => void>();
  private ids = 0;

  started(): Promise<{ url: string; rootKey: string }> {
    return new Promise((resolve) => {
      this.worker.once('message', (hello) => {
        this.worker.on('message', ({ id }: { id: number }) => {
          this.waiting.get(id)?.();
          this.waiting.delete(id);
        });
        resolve(hello);
      });
    });
  }

  ask(request: Record<string, unknown>): Promise<void> {
    this.ids += 1;
    const id = this.ids;
    this.worker.postMessage({ ...request, id });
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }

  async stop(): Promise<void> {
    await this.ask({ kind: 'stop' });
    await this.worker.terminate();
  }
}

class Account {
  private readonly store: Store;
  private readonly url: string;
  private readonly instance: string;
  private readonly watchers = new Set<(fact: WaFact) => void>();
  socket!: WaSocket;
  received = 0;
  phone = '';
  onReceived: () => void = () => undefined;

  constructor(store: Store, url: string, instance: string) {
    this.store = store;
    this.url = url;
    this.instance = instance;
  }

  next<K extends WaFact['kind']>(kind: K): Promise<Extract<WaFact, { kind: K }>> {
    return new Promise((resolve) => {
      const watch = (fact: WaFact): void => {
        if (fact.kind !== kind) return;
        this.watchers.delete(watch);
        resolve(fact as Extract<WaFact, { kind: K }>);
      };
      this.watchers.add(watch);
    });
  }

  async open(): Promise<void> {
    const { store, instance } = this;
    this.socket = await openWaSocket({
      instance,
      store,
      settings: defaultInstanceSettings,
      proxyUrl: null,
      dataDir: '',
      kept: null,
      socketUrl: this.url,
      connectTimeoutMs: 30_000,
      clock: systemClock,
      log: createLog('silent'),
      caches: createCacheBoard(),
      onFact: (fact) => {
        for (const watch of [...this.watchers]) watch(fact);
      },
      record: ({ id, chat, from }): StoreWrite[] => [
        { to: 'dedupe', instance, chat: chat.jid, sender: from.jid, id, seq: 1 },
      ],
      recorded: () => {
        this.received += 1;
        this.onReceived();
      },
      recordStatuses: async () => undefined,
      recordNotice: async () => undefined,
      recordEvents: async () => undefined,
      recordHistory: async () => 0,
    });
  }

  async pair(phone: Phone): Promise<void> {
    const [qr, closed] = [this.next('QrShown'), this.next('Closed')];
    await this.open();
    await phone.ask({ kind: 'scan', qr: (await qr).qr });
    await closed;
    await this.login();
  }

  async login(): Promise<void> {
    const opened = this.next('Opened');
    await this.open();
    this.phone = (await opened).me.pn?.split('@')[0] ?? '';
  }

  async send(count: number, to: (n: number) => string): Promise<void> {
    let next = 0;
    const work = async (): Promise<void> => {
      for (let n = next++; n < count; n = next++) {
        const content = { type: 'text' as const, text: `out ${n}`, mentions: [] };
        const messageId = `3EB0${this.instance}${this.received}${n}${Math.trunc(performance.now() * 1000)}`;
        const message = { messageId, to: `${to(n)}@s.whatsapp.net`, content, quote: null };
        await this.socket.send(message, await this.socket.encode(message));
      }
    };
    await Promise.all(Array.from({ length: inFlightPerAccount }, work));
  }

  arrived(count: number): Promise<void> {
    const target = this.received + count;
    return new Promise((resolve) => {
      this.onReceived = () => {
        if (this.received >= target) resolve();
      };
    });
  }
}

interface Figure {
  readonly msPerOperation: number;
  readonly perSecond: number;
}

async function measured(operations: number, work: () => Promise<unknown>): Promise<Figure> {
  const cpu = process.threadCpuUsage();
  const start = performance.now();
  await work();
  const { user, system } = process.threadCpuUsage(cpu);
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  return {
    msPerOperation: round((user + system) / 1000 / operations),
    perSecond: Math.round((operations / (performance.now() - start)) * 1000),
  };
}

const silent = (n: number): string => `55119${String(n).padStart(4, '0')}8001`;
const echoing = (n: number): string => `55119${String(n).padStart(4, '0')}0001`;

async function phases(accounts: readonly Account[], phone: Phone): Promise<Record<string, Figure>> {
  const each = (work: (account: Account, index: number) => Promise<unknown>) => () =>
    Promise.all(accounts.map(work));
  const per = Math.ceil(messageCount / accounts.length);
  const total = per * accounts.length;
  const results: Record<string, Figure> = {};
  results['pairing'] = await measured(
    accounts.length,
    each((account) => account.pair(phone)),
  );
  results['firstContact'] = await measured(
    accounts.length * 10,
    each((account) => account.send(10, silent)),
  );
  await each((account) => account.send(10, () => silent(1)))();
  results['send'] = await measured(
    total,
    each((account) => account.send(per, () => silent(1))),
  );
  await each((account) => account.send(3, () => echoing(1)))();
  results['sendAndReply'] = await measured(
    total,
    each(async (account) => {
      const replies = account.arrived(per);
      await account.send(per, () => echoing(1));
      await replies;
    }),
  );
  results['inbound'] = await measured(
    total,
    each(async (account, index) => {
      const all = account.arrived(per);
      await phone.ask({ kind: 'speak', from: silent(index + 5_000), to: account.phone, count: per });
      await all;
    }),
  );
  await each((account) => account.socket.end())();
  results['reconnect'] = await measured(
    accounts.length,
    each((account) => account.login()),
  );
  await each((account) => account.socket.end())();
  return results;
}

async function run(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'elenco-bench-'));
  const phone = new Phone();
  const { url, rootKey } = await phone.started();
  installWhatsapp({ rootKey });
  const identity = { socketHost: new URL(url).host, rootKey };
  const store = await openStore({ dir, identity, durability: 'process', isOwner: true, clock: systemClock });
  const accounts = Array.from({ length: accountCount }, (_, n) => new Account(store, url, `bench${n}`));
  const results = await phases(accounts, phone);
  process.stdout.write(`${JSON.stringify({ accountCount, messageCount, results })}\n`);
  await store.close();
  await phone.stop();
  rmSync(dir, { recursive: true, force: true });
}

await (isMainThread ? run() : serve());
