/**
 * What `elenco doctor` thinks of a machine: pure, from facts to findings. A finding that is not `ok` says what
 * was found, what is wanted and the command that mends it, on Linux and on Windows. doctor.ts gathers the facts
 * and prints the findings; nothing here touches the machine.
 */
export interface MachineFacts {
  readonly platform: 'linux' | 'win32' | 'darwin' | 'other';
  readonly nodeVersion: string;
  /** null, here and below: could not be read, or does not exist on this platform. */
  readonly openFilesMax: number | null;
  readonly somaxconn: number | null;
  readonly synBacklog: number | null;
  /** Windows: `Enabled`, `Normal`, … */
  readonly receiveSideScaling: string | null;
  readonly autoTuningLevel: string | null;
  readonly memoryBytes: number;
  readonly cores: number;
  readonly diskFreeBytes: number | null;
  readonly isNetworkDisk: boolean;
  /** Median of durable 4 KiB writes into the data folder. */
  readonly writeMs: number | null;
  readonly clockSkewMs: number | null;
  readonly threadPoolSize: number;
  /** The first line that ffmpeg says of itself; null: it cannot be started. */
  readonly ffmpeg: string | null;
  readonly environment: string;
  readonly reaches: readonly Reach[];
}

/** An endpoint that was tried: how long the connection took, or why it failed. */
export interface Reach {
  readonly what: 'whatsapp' | 'webhook';
  readonly host: string;
  readonly tookMs: number | null;
  readonly error: string | null;
}

export interface Plan {
  readonly maxInstances: number;
  readonly maxConnections: number;
  readonly shards: number;
  readonly dataDir: string;
}

export type Level = 'ok' | 'warning' | 'failure' | 'unknown';

export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly found: string;
  readonly wanted: string;
  /** The command or step that mends it; null where nothing is wrong. */
  readonly mend: string | null;
}

export const openFilesWanted = 65_536;
export const somaxconnWanted = 1_024;
export const synBacklogWanted = 1_024;
const gib = 1024 ** 3;
const mib = 1024 ** 2;
const diskWantedBytes = 10 * gib;
const diskLeastBytes = 2 * gib;
/** Measured (docs/sizing.md): a shard thread about 70 MB, an open instance 1 to 3.5 MB; doubled for bursts. */
const memoryBaseBytes = 512 * mib;
const memoryShardBytes = 150 * mib;
const memoryInstanceBytes = 8 * mib;
const instancesPerCore = 100;
const writeMsWanted = 5;
const writeMsLeast = 50;
const clockSkewMsMax = 5_000;
const connectMsWanted = 1_000;

interface Judged {
  readonly level: Level;
  readonly found: string;
  readonly wanted: string;
  readonly mend: string;
}

const finding = (check: string, { level, found, wanted, mend }: Judged): Finding => ({
  ...{ check, level, found, wanted },
  mend: level === 'ok' ? null : mend,
});

const size = (bytes: number): string =>
  bytes >= gib ? `${(bytes / gib).toFixed(1)} GiB` : `${Math.round(bytes / mib)} MiB`;

function node({ nodeVersion }: MachineFacts): Finding {
  const isRight = Number(nodeVersion.split('.')[0]) >= 24;
  return finding('node', {
    level: isRight ? 'ok' : 'failure',
    ...{ found: nodeVersion, wanted: '24 or newer' },
    mend: 'npm ci   (brings the right Node along; install scripts must be on)',
  });
}

function openFiles({ platform, openFilesMax }: MachineFacts, plan: Plan): Finding | null {
  if (platform === 'win32') return null;
  const least = plan.maxConnections + plan.maxInstances * 2 + 512;
  const isEnough = openFilesMax !== null && openFilesMax >= least;
  return finding('nofile', {
    level:
      openFilesMax === null
        ? 'unknown'
        : openFilesMax >= openFilesWanted
          ? 'ok'
          : isEnough
            ? 'warning'
            : 'failure',
    found: openFilesMax === null ? 'not readable' : String(openFilesMax),
    wanted: `${openFilesWanted} (at least ${least} for ${plan.maxInstances} instances)`,
    mend:
      "printf '* soft nofile 65536\\n* hard nofile 65536\\n' | sudo tee /etc/security/limits.d/elenco.conf" +
      '   (then log in again; systemd: LimitNOFILE=65536)',
  });
}

function kernel(check: string, found: number | null, wanted: number, name: string): Finding {
  return finding(check, {
    level: found === null ? 'unknown' : found >= wanted ? 'ok' : 'warning',
    found: found === null ? 'not readable' : String(found),
    wanted: String(wanted),
    mend: `echo '${name} = ${wanted}' | sudo tee -a /etc/sysctl.d/90-elenco.conf && sudo sysctl --system`,
  });
}

function network(facts: MachineFacts): Finding[] {
  if (facts.platform === 'linux')
    return [
      kernel('somaxconn', facts.somaxconn, somaxconnWanted, 'net.core.somaxconn'),
      kernel('syn-backlog', facts.synBacklog, synBacklogWanted, 'net.ipv4.tcp_max_syn_backlog'),
    ];
  if (facts.platform !== 'win32') return [];
  return [
    windows('tcp-rss', facts.receiveSideScaling, 'Enabled', 'netsh int tcp set global rss=enabled'),
    windows(
      'tcp-autotuning',
      facts.autoTuningLevel,
      'Normal',
      'netsh int tcp set global autotuninglevel=normal',
    ),
  ];
}

function windows(check: string, found: string | null, wanted: string, mend: string): Finding {
  return finding(check, {
    level: found === null ? 'unknown' : found === wanted ? 'ok' : 'warning',
    ...{ found: found ?? 'not readable', wanted },
    mend: `${mend}   (as administrator)`,
  });
}

function memory({ memoryBytes }: MachineFacts, plan: Plan): Finding {
  const needed = memoryBaseBytes + plan.shards * memoryShardBytes + plan.maxInstances * memoryInstanceBytes;
  return finding('memory', {
    level: memoryBytes >= needed / 0.85 ? 'ok' : memoryBytes >= needed ? 'warning' : 'failure',
    found: size(memoryBytes),
    wanted: `${size(needed / 0.85)} for ${plan.maxInstances} instances on ${plan.shards} shards`,
    mend: 'give the machine or the container more memory, or lower MAX_INSTANCES or SHARDS',
  });
}

function cores({ cores: found }: MachineFacts, plan: Plan): Finding {
  const wanted = Math.max(2, Math.ceil(plan.maxInstances / instancesPerCore));
  return finding('cores', {
    level: found >= wanted ? 'ok' : 'warning',
    found: String(found),
    wanted: `${wanted} for ${plan.maxInstances} instances`,
    mend: 'give the machine more cores, or lower MAX_INSTANCES',
  });
}

const largestFolders = (platform: MachineFacts['platform'], dataDir: string): string =>
  platform === 'win32'
    ? 'Get-ChildItem C:\\ -Recurse -File -ErrorAction SilentlyContinue | Sort-Object Length | Select-Object -Last 20 FullName'
    : `sudo du -xh --max-depth=3 "$(df --output=target ${dataDir} | tail -1)" | sort -h | tail -20`;

function disk({ diskFreeBytes: free, platform }: MachineFacts, { dataDir }: Plan): Finding {
  return finding('disk', {
    level:
      free === null
        ? 'unknown'
        : free >= diskWantedBytes
          ? 'ok'
          : free >= diskLeastBytes
            ? 'warning'
            : 'failure',
    found: free === null ? 'not readable' : `${size(free)} free`,
    wanted: `${size(diskWantedBytes)} free for ${dataDir}`,
    mend:
      `${largestFolders(platform, dataDir)}   (free space, or set DATA_DIR to a larger disk: ` +
      'a full one stops every send and every receipt)',
  });
}

function diskKind({ isNetworkDisk }: MachineFacts, { dataDir }: Plan): Finding {
  return finding('disk-kind', {
    level: isNetworkDisk ? 'failure' : 'ok',
    found: isNetworkDisk ? 'a network file system' : 'a local disk',
    wanted: 'a local disk (the store is memory-mapped)',
    mend: `set DATA_DIR to a folder on a local disk; ${dataDir} is on a network file system`,
  });
}

const slowDisk = (platform: MachineFacts['platform']): string =>
  platform === 'win32'
    ? "Get-Counter '\\PhysicalDisk(*)\\Avg. Disk sec/Write' -MaxSamples 10"
    : 'iostat -x 1 10';

const ownFolder = (platform: MachineFacts['platform'], dataDir: string): string =>
  platform === 'win32'
    ? `icacls "${dataDir}" /grant "%USERNAME%:(OI)(CI)M" /T`
    : `sudo chown -R "$USER" ${dataDir}`;

function writeSpeed({ writeMs, platform }: MachineFacts, { dataDir }: Plan): Finding {
  return finding('write-speed', {
    level:
      writeMs === null
        ? 'failure'
        : writeMs <= writeMsWanted
          ? 'ok'
          : writeMs <= writeMsLeast
            ? 'warning'
            : 'failure',
    found: writeMs === null ? 'not writable' : `${writeMs.toFixed(2)} ms a durable write`,
    wanted: `${writeMsWanted} ms`,
    mend:
      writeMs === null
        ? `${ownFolder(platform, dataDir)}   (as the user that runs Elenco)`
        : `${slowDisk(platform)}   (look for what else writes to this disk, or put DATA_DIR on an SSD)`,
  });
}

const clockMends: Partial<Record<MachineFacts['platform'], string>> = {
  win32: 'w32tm /resync   (as administrator)',
  darwin: 'sudo sntp -sS time.apple.com',
};

function clock({ platform, clockSkewMs: skew }: MachineFacts): Finding {
  return finding('clock', {
    level: skew === null ? 'unknown' : Math.abs(skew) <= clockSkewMsMax ? 'ok' : 'failure',
    found: skew === null ? 'no server told the time' : `${(skew / 1_000).toFixed(1)} s off`,
    wanted: `within ${clockSkewMsMax / 1_000} s`,
    mend: clockMends[platform] ?? 'sudo timedatectl set-ntp true',
  });
}

const ffmpegInstalls: Partial<Record<MachineFacts['platform'], string>> = {
  win32: 'winget install ffmpeg',
  darwin: 'brew install ffmpeg',
};

function ffmpeg(facts: MachineFacts): Finding {
  return finding('ffmpeg', {
    level: facts.ffmpeg === null ? 'warning' : 'ok',
    found: facts.ffmpeg ?? 'not found',
    wanted: 'ffmpeg, for voice notes, video stickers and video thumbnails',
    mend: `${ffmpegInstalls[facts.platform] ?? 'sudo apt-get install ffmpeg'}   (or set FFMPEG_PATH)`,
  });
}

function threadPool({ threadPoolSize, platform }: MachineFacts): Finding {
  return finding('thread-pool', {
    level: threadPoolSize >= 16 ? 'ok' : 'warning',
    found: String(threadPoolSize),
    wanted: '128 in production',
    mend:
      platform === 'win32'
        ? 'setx UV_THREADPOOL_SIZE 128'
        : 'export UV_THREADPOOL_SIZE=128   (pm2.config.cjs sets it)',
  });
}

function production({ environment, platform }: MachineFacts): Finding {
  return finding('environment', {
    level: environment === 'production' ? 'ok' : 'warning',
    found: environment === '' ? 'NODE_ENV is not set' : `NODE_ENV=${environment}`,
    wanted: 'NODE_ENV=production',
    mend:
      platform === 'win32'
        ? 'setx NODE_ENV production'
        : 'export NODE_ENV=production   (pm2.config.cjs sets it)',
  });
}

/** What shows where a connection ends: at the name, at a firewall, at the other side. */
function tryByHand(platform: MachineFacts['platform'], host: string): string {
  const [name = '', port = '443'] = /^(.*?)(?::(\d+))?$/.exec(host)?.slice(1) ?? [];
  return platform === 'win32' ? `Test-NetConnection ${name} -Port ${port}` : `nc -vz -w 5 ${name} ${port}`;
}

const reachSteps = {
  whatsapp: 'mend DNS, firewall or proxy: outgoing TCP 443 must be open',
  webhook: 'start the endpoint, or correct the webhook; its events wait meanwhile',
} as const;

function reach({ what, host, tookMs, error }: Reach, platform: MachineFacts['platform']): Finding {
  const isSlow = tookMs !== null && tookMs > connectMsWanted;
  return finding(`${what} ${host}`, {
    level: tookMs === null ? (what === 'whatsapp' ? 'failure' : 'warning') : isSlow ? 'warning' : 'ok',
    found: tookMs === null ? (error ?? 'not reached') : `connected in ${Math.round(tookMs)} ms`,
    wanted: `a connection within ${connectMsWanted} ms`,
    mend: `${tryByHand(platform, host)}   (${reachSteps[what]})`,
  });
}

/** All findings, in the order in which a person should read them. */
export function diagnose(facts: MachineFacts, plan: Plan): Finding[] {
  const found: (Finding | null)[] = [
    ...[node(facts), openFiles(facts, plan), ...network(facts)],
    ...[memory(facts, plan), cores(facts, plan), disk(facts, plan), diskKind(facts, plan)],
    ...[writeSpeed(facts, plan), clock(facts), threadPool(facts), production(facts)],
    ffmpeg(facts),
    ...facts.reaches.map((one) => reach(one, facts.platform)),
  ];
  return found.filter((one) => one !== null);
}
