/**
 * Scale check: a sandbox in its own process, a thousand light devices in this one, texts at a set rate.
 * `npx node test/sandbox/runs/scale.ts --accounts 1000 --rate 500 --seconds 20 --tail 8001` prints what was
 * reached and what the sandbox's process used. `--tail` picks the contacts: 8001 silent, 0001 echo.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LightDevice } from './light-device.ts';

const { values } = parseArgs({
  options: {
    accounts: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '20' },
    tail: { type: 'string', default: '8001' },
    port: { type: 'string', default: '4702' },
    'control-port': { type: 'string', default: '4701' },
  },
});
const accounts = Number(values.accounts);
const control = `http://127.0.0.1:${values['control-port']}`;
const counts = { sent: 0, acked: 0, receipts: 0, received: 0 };
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface ProcessFigures {
  readonly process: { readonly cpuMs: number; readonly rssMb: number };
}
const figures = async (): Promise<ProcessFigures['process']> =>
  ((await (await fetch(`${control}/stats`)).json()) as ProcessFigures).process;

async function scan(qr: string, phone: string): Promise<void> {
  await (
    await fetch(`${control}/scan`, { method: 'POST', body: JSON.stringify({ qr, phone }) })
  ).arrayBuffer();
}

async function openAll(): Promise<LightDevice[]> {
  const devices: LightDevice[] = [];
  for (let at = 0; at < accounts; at += 20) {
    const batch = Array.from(
      { length: Math.min(20, accounts - at) },
      (_, n) =>
        new LightDevice(
          `ws://127.0.0.1:${values.port}/`,
          `551197${String(at + n).padStart(6, '0')}1`,
          counts,
          scan,
        ),
    );
    await Promise.all(batch.map((device) => device.open()));
    devices.push(...batch);
  }
  return devices;
}

async function load(devices: LightDevice[]): Promise<number> {
  const start = performance.now();
  const limit = Number(values.seconds) * 1_000;
  const pending = new Set<Promise<void>>();
  let started = 0;
  for (let now = 0; now < limit; now = performance.now() - start) {
    const due = (now / 1000) * Number(values.rate);
    while (started < due && pending.size < 500) {
      const device = devices[started++ % devices.length] as LightDevice;
      const contact = `55119888${String(started % 97).padStart(2, '0')}`.slice(0, 9) + values.tail;
      const sending: Promise<void> = device
        .send(contact, `load ${started}`)
        .then(() => void pending.delete(sending));
      pending.add(sending);
    }
    await sleep(5);
  }
  await Promise.all(pending);
  return performance.now() - start;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 2_000 && !condition(); tries += 1) await sleep(5);
}

const folder = await mkdtemp(join(tmpdir(), 'sandbox-scale-'));
const flags = [
  '--no-gateway',
  '--port',
  values.port,
  '--control-port',
  values['control-port'],
  '--data-dir',
  folder,
];
const server = spawn(process.execPath, ['src/sandbox/run.ts', ...flags], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
try {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await figures().catch(() => null)) break;
    await sleep(100);
  }
  const begun = performance.now();
  const devices = await openAll();
  const paired = await figures();
  const openMs = performance.now() - begun;
  // Sessions first, so that the measured part is steady.
  await Promise.all(
    devices.map((device, n) =>
      device.send(`55119888${String(n % 97).padStart(2, '0')}`.slice(0, 9) + values.tail, 'warm'),
    ),
  );
  await until(() => counts.acked >= counts.sent);
  const before = await figures();
  const own = process.cpuUsage();
  const sentBefore = counts.sent;
  const ms = await load(devices);
  await until(() => counts.receipts >= counts.sent);
  const after = await figures();
  const spent = process.cpuUsage(own);
  const messages = counts.sent - sentBefore;
  const report = {
    accounts: devices.length,
    openSeconds: Math.round(openMs / 100) / 10,
    sandboxCpuMsPerPairing: Math.round((paired.cpuMs / devices.length) * 100) / 100,
    messages,
    perSecond: Math.round((messages / ms) * 1000),
    ...counts,
    sandboxCpuMsPerMessage: Math.round(((after.cpuMs - before.cpuMs) / messages) * 1000) / 1000,
    sandboxCpuPercent: Math.round(((after.cpuMs - before.cpuMs) / ms) * 100),
    driverCpuMsPerMessage: Math.round(((spent.user + spent.system) / 1000 / messages) * 1000) / 1000,
    sandboxRssMb: after.rssMb,
  };
  console.log(JSON.stringify(report, null, 2));
  for (const device of devices) device.close();
} finally {
  const exited = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await exited;
  await rm(folder, { recursive: true, force: true });
}
process.exit(0);
