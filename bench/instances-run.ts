/**
 * One gateway with N instances, measured from start to end in a process of its own:
 * `instances-run.ts ours|baseline COUNT SIZE IDLE_S SHARDS FLAGS`. SIZE is the messages of a phase. Prints one JSON line.
 */

import { type Latency, latencyOf, Probe } from './instances-probe.ts';
import type { Variant } from './instances-process.ts';
import { memoryOf } from './instances-process.ts';
import { type CpuMs, pause, Stage, until } from './instances-stage.ts';

/** Rates and shares of one load; CPU ms an operation, whole processes. */
export interface Load {
  readonly operations: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly latency: Latency;
  readonly cpuMs: CpuMs;
  /** Cores in use. */
  readonly cores: CpuMs;
}

export interface InstancesResult {
  readonly variant: Variant;
  readonly count: number;
  readonly pairedMs: number;
  /** The same process with the same threads, restarted, with a few instances open: what the first ones load is in it. */
  readonly base: { anonMb: number; rssMb: number; instances: number };
  readonly idle: { anonMb: number; rssMb: number; perInstanceMb: number; cpuShare: number };
  readonly restart: { servingMs: number; openMs: number; state: Latency; gatewayCpuMs: number };
  readonly loads: Readonly<Record<string, Load>>;
  /** State queries during the floods. */
  readonly queries: Readonly<Record<string, Latency>>;
}

const [variantText = 'ours', countText = '10', sizeText = '500', idleText = '5', shards = '', flags = ''] =
  process.argv.slice(2);
const variant = variantText as Variant;
const [count, size, idleS] = [Number(countText), Number(sizeText), Number(idleText)];
const groupsMax = 50;
const baseInstancesMax = 8;
const baseIdleSMax = 10;
const silent = (n: number): string => `55119${String(n).padStart(4, '0')}8001`;
const say = (text: string): void => void process.stderr.write(`  ${variant} ${count}: ${text}\n`);

async function measured(
  stage: Stage,
  operations: number,
  work: () => Promise<{ latencies: readonly number[]; failed: number }>,
): Promise<Load> {
  const [before, start] = [stage.cpu(), performance.now()];
  const { latencies, failed } = await work();
  const ms = performance.now() - start;
  // What the load set off (receipts, webhooks) is paid here too, in CPU but not in time.
  await pause(600);
  const after = stage.cpu();
  const each = (of: (name: keyof CpuMs) => number): CpuMs => ({
    gateway: of('gateway'),
    sandbox: of('sandbox'),
    driver: of('driver'),
  });
  const used = (name: keyof CpuMs): number => after[name] - before[name];
  return {
    ...{ operations, failed, perSecond: (operations / ms) * 1000, latency: latencyOf(latencies, failed) },
    cpuMs: each((name) => used(name) / operations),
    cores: each((name) => used(name) / ms),
  };
}

async function sends(
  stage: Stage,
  inFlight: number,
  total: number,
  to: (n: number) => string,
): Promise<Load> {
  const latencies: number[] = [];
  let [next, failed] = [0, 0];
  const lane = async (): Promise<void> => {
    for (let n = next++; n < total; n = next++) {
      const { id } = stage.members[n % stage.members.length] ?? { id: '' };
      const start = performance.now();
      const body = { to: to(n % stage.members.length), type: 'text', text: `message ${n} of a bench` };
      const { status } = await stage.rest.raw('POST', `/v1/instances/${id}/messages`, body);
      latencies.push(performance.now() - start);
      if (status !== 201) failed += 1;
    }
  };
  return measured(stage, total, async () => {
    await Promise.all(Array.from({ length: inFlight }, lane));
    return { latencies, failed };
  });
}

async function inbound(stage: Stage, total: number, write: () => Promise<unknown>): Promise<Load> {
  stage.hook.latencies = [];
  const target = stage.hook.received + total;
  return measured(stage, total, async () => {
    await write();
    await until(() => stage.hook.received >= target, `${total} messages at the webhook`, 5);
    return { latencies: stage.hook.latencies, failed: 0 };
  });
}

async function probed<T>(stage: Stage, work: () => Promise<T>): Promise<[T, Latency]> {
  const probe = new Probe(stage.port, `/v1/instances/${stage.members[0]?.id}`);
  const result = await work();
  return [result, await probe.stop()];
}

async function restart(stage: Stage): Promise<InstancesResult['restart']> {
  await stage.gateway.stop();
  const start = performance.now();
  await stage.gateway.start();
  const servingMs = performance.now() - start;
  const [, state] = await probed(stage, () => stage.untilOpen(count));
  return { servingMs, openMs: performance.now() - start, state, gatewayCpuMs: stage.cpu().gateway };
}

async function baseOf(stage: Stage): Promise<InstancesResult['base']> {
  const instances = Math.max(1, Math.min(baseInstancesMax, Math.floor(count / 4)));
  await stage.pair(instances);
  await stage.restart();
  await stage.untilOpen(instances);
  await pause(2_000);
  await stage.collect();
  await pause(Math.min(idleS, baseIdleSMax) * 1_000);
  await stage.collect();
  return { ...memoryOf(stage.gateway.pid), instances };
}

async function idle(stage: Stage, base: InstancesResult['base']): Promise<InstancesResult['idle']> {
  await pause(2_000);
  await stage.collect();
  await pause(idleS * 1000);
  await stage.collect();
  const [before, start] = [stage.cpu().gateway, performance.now()];
  await pause(idleS * 1000);
  const cpuShare = (stage.cpu().gateway - before) / (performance.now() - start);
  const { anonMb, rssMb } = memoryOf(stage.gateway.pid);
  return { anonMb, rssMb, perInstanceMb: (anonMb - base.anonMb) / (count - base.instances), cpuShare };
}

async function groupsOf(stage: Stage): Promise<{ from: string; to: string }[]> {
  const groups: { from: string; to: string }[] = [];
  for (const [index, { phone }] of stage.members.slice(0, groupsMax).entries()) {
    const [from, ...others] = [0, 1, 2, 3].map((n) => silent(5_000 + index * 4 + n));
    groups.push({ from: from ?? '', to: await stage.phone.group(from ?? '', [...others, phone]) });
  }
  return groups;
}

async function run(): Promise<InstancesResult> {
  const stage = await Stage.start(variant, {
    ...(shards === '' ? {} : { SHARDS: shards }),
    ...(flags === '' ? {} : { BENCH_NODE_FLAGS: flags }),
  });
  const base = await baseOf(stage);
  say(`${base.instances} open: ${Math.round(base.anonMb)} MB`);
  const pairing = performance.now();
  await stage.pair(count - base.instances);
  const pairedMs = performance.now() - pairing;
  say(`paired in ${Math.round(pairedMs)} ms`);
  const restarted = await restart(stage);
  say(`open again in ${Math.round(restarted.openMs)} ms`);
  const resting = await idle(stage, base);
  const loads: Record<string, Load> = {};
  const queries: Record<string, Latency> = {};
  const people = (n: number): string => silent(n);
  await sends(stage, 16, Math.max(size, count * 2), people);
  for (const inFlight of [1, 16, 64]) {
    const total = inFlight === 1 ? Math.ceil(size / 4) : size;
    loads[`send${inFlight}`] = await sends(stage, inFlight, total, people);
    say(`${inFlight} in flight: ${Math.round(loads[`send${inFlight}`]?.perSecond ?? 0)} sends/s`);
  }
  const pairs = stage.members.map(({ phone }, n) => ({ from: silent(n), to: phone }));
  const each = Math.ceil(size / count);
  await inbound(stage, count, () => stage.phone.speak(pairs, 1));
  const pace = 100;
  loads['inboundPaced'] = await inbound(stage, pace * 5, () => stage.phone.pace(pairs, pace, 5_000));
  [loads['inbound'], queries['flood']] = await probed(stage, () =>
    inbound(stage, each * count, () => stage.phone.speak(pairs, each)),
  );
  say(`flood: ${Math.round(loads['inbound'].perSecond)} inbound/s`);
  const groups = await groupsOf(stage);
  const eachGroup = Math.ceil(size / 2 / groups.length);
  await inbound(stage, groups.length, () => stage.phone.speak(groups, 1));
  [loads['groupInbound'], queries['groupFlood']] = await probed(stage, () =>
    inbound(stage, eachGroup * groups.length, () => stage.phone.speak(groups, eachGroup)),
  );
  stage.members = stage.members.slice(0, groups.length);
  const group = (n: number): string => groups[n % groups.length]?.to ?? '';
  await sends(stage, 16, groups.length, group);
  loads['groupSend16'] = await sends(stage, 16, Math.ceil(size / 2), group);
  await stage.stop();
  return { variant, count, pairedMs, base, idle: resting, restart: restarted, loads, queries };
}

process.stdout.write(`${JSON.stringify(await run())}\n`);
process.exit(0);
