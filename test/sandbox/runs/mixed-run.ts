/**
 * A seeded run of mixed traffic and random faults against real Baileys sockets, ending with the check of
 * the ground truth. Used short by a test and long by `mixed.ts`.
 */
import { pick, type Random, seededRandom } from '../../../src/sandbox/faults/random.ts';
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import { startSandbox } from '../../../src/sandbox/sandbox.ts';
import { until } from '../support/waiting.ts';
import { type GroundTruth, groundTruth } from './ground-truth.ts';
import { SteadySocket } from './steady-socket.ts';

export interface MixedOptions {
  readonly seed: string;
  readonly accounts: number;
  readonly durationMs: number;
  readonly messagesPerSecond: number;
  /** Mean time between two faults. */
  readonly faultEveryMs: number;
  readonly log?: (line: string) => void;
}

export interface MixedReport extends GroundTruth {
  readonly seed: string;
  readonly faults: number;
  readonly reconnects: number;
  readonly actions: number;
  /** Acknowledged by Baileys, but never emitted as a message: lost between receipt and event. */
  readonly acknowledgedNotEmitted: number;
  readonly decryptFailures: number;
  readonly retries: number;
  /** Accounts for which something still waits, and how much. */
  readonly waitingFor: readonly string[];
}

const jid = (number: string): string => `${number}@s.whatsapp.net`;
const echo = (n: number): string => `55119888${String(n % 90).padStart(2, '0')}001`;
const silent = (n: number): string => `55119888${String(n % 90).padStart(2, '0')}8001`.slice(0, 13);

async function connectAll(sandbox: Sandbox, count: number): Promise<SteadySocket[]> {
  const sockets: SteadySocket[] = [];
  for (let n = 0; n < count; n += 1) {
    const socket = new SteadySocket(sandbox, `551197${String(n).padStart(6, '0')}1`);
    sockets.push(socket);
    if (n % 8 === 7) await Promise.all(sockets.map((one) => one.whenOpen()));
  }
  await Promise.all(sockets.map((one) => one.whenOpen()));
  return sockets;
}

/** One random thing that somebody does. */
async function act(sandbox: Sandbox, sockets: SteadySocket[], groups: string[], random: Random, n: number) {
  const one = pick(random, sockets);
  const two = pick(random, sockets);
  const group = pick(random, groups);
  if (!one || !two) return;
  const roll = random();
  if (roll < 0.35) await sandbox.sendFrom(silent(n), one.phone, `inbound ${n}`);
  else if (roll < 0.65) await one.send(jid(echo(n)), `echo ${n}`);
  else if (roll < 0.8 && one !== two) await one.send(jid(two.phone), `pair ${n}`);
  else if (group && roll < 0.9) await sandbox.sendFrom(silent(1), group, `group in ${n}`);
  else if (group) await one.send(group, `group out ${n}`);
}

function makeGroups(sandbox: Sandbox, sockets: SteadySocket[]): string[] {
  const groups: string[] = [];
  for (let at = 0; at + 4 <= sockets.length; at += 10) {
    const members = sockets.slice(at, at + 4).map(({ phone }) => phone);
    groups.push(sandbox.contact(silent(1)).createGroup(`Group ${at}`, members));
  }
  return groups;
}

async function traffic(sandbox: Sandbox, sockets: SteadySocket[], options: MixedOptions): Promise<number> {
  const random = seededRandom(`${options.seed}:traffic`);
  const groups = makeGroups(sandbox, sockets);
  const pending = new Set<Promise<void>>();
  const start = performance.now();
  let actions = 0;
  while (performance.now() - start < options.durationMs) {
    const due = ((performance.now() - start) / 1000) * options.messagesPerSecond;
    while (actions < due && pending.size < 200) {
      const action: Promise<void> = act(sandbox, sockets, groups, random, actions++)
        .catch(() => undefined)
        .then(() => void pending.delete(action));
      pending.add(action);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await Promise.all(pending);
  return actions;
}

/** Everything connects again and what waits is delivered. */
async function settle(sandbox: Sandbox, sockets: SteadySocket[]): Promise<void> {
  sandbox.faults.clear();
  await Promise.all(sockets.map((socket) => socket.whenOpen()));
  const before = sockets.map(({ reconnects }) => reconnects);
  sandbox.dropConnections();
  const isBack = (socket: SteadySocket, n: number): boolean =>
    socket.isOpen && socket.reconnects > (before[n] ?? 0);
  await until(() => sockets.every(isBack), 'all open again');
  const isQuiet = (): boolean => sandbox.stats().unacknowledged === 0;
  for (let tries = 0; tries < 4 && !isQuiet(); tries += 1) {
    await until(isQuiet, 'empty queues').catch(() => undefined);
    if (!isQuiet()) sandbox.dropConnections();
  }
}

function notEmitted(sandbox: Sandbox, sockets: SteadySocket[]): number {
  const received = new Map(sockets.map((socket) => [socket.phone, socket.received]));
  const acked = sandbox.ledger({ direction: 'toAccount', kind: 'message', state: 'acked' });
  return acked.filter(({ account, id }) => !received.get(account)?.has(id)).length;
}

export async function runMixed(options: MixedOptions): Promise<MixedReport> {
  const log = options.log ?? (() => undefined);
  const sandbox = await startSandbox({ seed: options.seed });
  const sockets = await connectAll(sandbox, options.accounts);
  log(`${sockets.length} accounts are open, seed ${options.seed}`);
  const { durationMs, faultEveryMs: everyMs, seed } = options;
  const [actions, faults] = await Promise.all([
    traffic(sandbox, sockets, options),
    sandbox.runFaults({ seed: `${seed}:faults`, durationMs, everyMs }),
  ]);
  log(`${actions} actions, ${faults.length} faults; settling`);
  await settle(sandbox, sockets);
  const { total } = sandbox.stats();
  const report: MixedReport = {
    seed,
    ...groundTruth(sandbox.ledger({ direction: 'toAccount', kind: 'message' })),
    faults: faults.length,
    reconnects: sockets.reduce((sum, { reconnects }) => sum + reconnects, 0),
    actions,
    acknowledgedNotEmitted: notEmitted(sandbox, sockets),
    decryptFailures: total.decryptFailures,
    retries: total.retriesIn + total.retriesOut,
    waitingFor: sandbox
      .stats()
      .perAccount.filter(({ unacknowledged }) => unacknowledged > 0)
      .map(({ phone, live, unacknowledged }) => `${phone}: ${unacknowledged}, live ${live}`),
  };
  await Promise.all(sockets.map((socket) => socket.stop()));
  await sandbox.stop();
  return report;
}
