/**
 * Gathers what `elenco doctor` judges: limits, memory, disk, clock, and whether WhatsApp and the webhooks can
 * be reached. It changes nothing but a scratch file in the data folder, and posts nothing anywhere: endpoints
 * are only connected to. What cannot be read is null.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { openForReading } from '../backup/snapshot.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { instanceReads } from '../store/lmdb/reads.ts';
import type { MachineFacts, Reach } from './doctor-checks.ts';

const connectTimeoutMs = 5_000;
const writes = 21;
/** statfs types: NFS, CIFS, SMB2. */
const networkDisks: readonly number[] = [0x6969, 0xff534d42, 0xfe534d42, 0x517b];
const run = promisify(execFile);

function numberIn(file: string): number | null {
  try {
    const value = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return Number.isNaN(value) ? null : value;
  } catch {
    return null;
  }
}

function openFilesMax(): number | null {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? null : soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
  } catch {
    return null;
  }
}

async function powershell(expression: string): Promise<string | null> {
  if (process.platform !== 'win32') return null;
  const answer = await run('powershell', ['-NoProfile', '-Command', `"$(${expression})"`]).catch(() => null);
  return answer?.stdout.trim() || null;
}

/** What the process may use: a container's limit where there is one. */
export function memoryAllotted(): number {
  const limit = process.constrainedMemory();
  const total = totalmem();
  return limit > 0 && limit < total ? limit : total;
}

async function ffmpegVersion(program: string): Promise<string | null> {
  const answer = await run(program, ['-version'], { timeout: connectTimeoutMs }).catch(() => null);
  return answer?.stdout.split('\n')[0] ?? null;
}

function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}

async function diskOf(dataDir: string): Promise<Pick<MachineFacts, 'diskFreeBytes' | 'isNetworkDisk'>> {
  try {
    const { bavail, bsize, type } = await statfs(nearestFolder(dataDir));
    return { diskFreeBytes: bavail * bsize, isNetworkDisk: networkDisks.includes(type >>> 0) };
  } catch {
    return { diskFreeBytes: null, isNetworkDisk: false };
  }
}

async function medianWriteMs(dataDir: string): Promise<number | null> {
  const file = join(nearestFolder(dataDir), `.doctor-${randomBytes(6).toString('hex')}`);
  try {
    const scratch = await open(file, 'w');
    const times: number[] = [];
    for (let round = 0; round < writes; round++) {
      const from = systemClock.elapsed();
      await scratch.write(randomBytes(4_096));
      await scratch.datasync();
      times.push(systemClock.elapsed() - from);
    }
    await scratch.close();
    return times.toSorted((a, b) => a - b)[Math.floor(writes / 2)] ?? null;
  } catch {
    return null;
  } finally {
    await rm(file, { force: true });
  }
}

const portOf = ({ port, protocol }: URL): number =>
  port !== '' ? Number(port) : ['https:', 'wss:'].includes(protocol) ? 443 : 80;

function tryToReach(what: Reach['what'], url: URL): Promise<Reach> {
  const from = systemClock.elapsed();
  const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port: portOf(url) });
  return new Promise((resolve) => {
    const end = (error: string | null): void => {
      socket.destroy();
      const tookMs = error === null ? systemClock.elapsed() - from : null;
      resolve({ what, host: url.host, tookMs, error });
    };
    socket.setTimeout(connectTimeoutMs, () => end(`no answer within ${connectTimeoutMs / 1_000} s`));
    socket.once('connect', () => end(null));
    socket.once('error', (error) => end(error.message));
  });
}

/** Compares with the `Date` of WhatsApp's own web server; a second is the grain of that header. */
async function clockSkewMs(socketUrl: URL): Promise<number | null> {
  const url = `${socketUrl.protocol === 'wss:' ? 'https' : 'http'}://${socketUrl.host}/`;
  try {
    const signal = AbortSignal.timeout(connectTimeoutMs);
    const answer = await fetch(url, { method: 'HEAD', redirect: 'manual', signal });
    const date = Date.parse(answer.headers.get('date') ?? '');
    return Number.isNaN(date) ? null : systemClock.now() - date;
  } catch {
    return null;
  }
}

/** One URL an origin, from the store, as far as there is one and it can be read. */
async function webhookOrigins({ dataDir, dataKey }: Config): Promise<URL[]> {
  try {
    const env = openForReading(dataDir, dataKey);
    const reads = instanceReads(env);
    const all = [...(await reads.configs()).map(({ webhook }) => webhook), await reads.globalWebhook()];
    await env.root.close();
    const urls = all.flatMap((webhook) => (webhook?.enabled ? [new URL(webhook.url)] : []));
    return [...new Map(urls.map((url) => [url.origin, url])).values()];
  } catch {
    return [];
  }
}

const platforms: readonly MachineFacts['platform'][] = ['linux', 'win32', 'darwin'];

export async function gatherFacts(config: Config): Promise<MachineFacts> {
  const { dataDir, waSocketUrl, runtime } = config;
  const socketUrl = new URL(waSocketUrl);
  const webhooks = await webhookOrigins(config);
  const [disk, reaches, skew, rss, autoTuning] = await Promise.all([
    diskOf(dataDir),
    Promise.all([tryToReach('whatsapp', socketUrl), ...webhooks.map((url) => tryToReach('webhook', url))]),
    clockSkewMs(socketUrl),
    powershell('(Get-NetOffloadGlobalSetting).ReceiveSideScaling'),
    powershell('(Get-NetTCPSetting -SettingName Internet).AutoTuningLevelLocal'),
  ]);
  return {
    platform: platforms.find((name) => name === process.platform) ?? 'other',
    nodeVersion: process.versions.node,
    openFilesMax: openFilesMax(),
    somaxconn: numberIn('/proc/sys/net/core/somaxconn'),
    synBacklog: numberIn('/proc/sys/net/ipv4/tcp_max_syn_backlog'),
    ...{ receiveSideScaling: rss, autoTuningLevel: autoTuning },
    ...{ memoryBytes: memoryAllotted(), cores: availableParallelism() },
    ...disk,
    writeMs: await medianWriteMs(dataDir),
    clockSkewMs: skew,
    ...runtime,
    ffmpeg: await ffmpegVersion(config.ffmpegPath),
    reaches,
  };
}
