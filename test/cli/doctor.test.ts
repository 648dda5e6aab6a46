/** Every check of `elenco doctor` on invented machines: right, wrong, unreadable, Linux and Windows. */
import { describe, expect, it } from 'vitest';
import { report } from '../../src/cli/doctor.ts';
import { diagnose, type Finding, type MachineFacts, type Plan } from '../../src/cli/doctor-checks.ts';
import { Program } from '../e2e/support/program.ts';

const gib = 1024 ** 3;
const plan: Plan = { maxInstances: 150, maxConnections: 1_000, shards: 7, dataDir: '/srv/elenco/data' };

const good: MachineFacts = {
  ...{ platform: 'linux', nodeVersion: '24.21.0', openFilesMax: 65_536, somaxconn: 1_024, synBacklog: 1_024 },
  ...{ receiveSideScaling: null, autoTuningLevel: null, memoryBytes: 16 * gib, cores: 8 },
  ...{ diskFreeBytes: 50 * gib, isNetworkDisk: false, writeMs: 0.4, clockSkewMs: 300 },
  ...{ threadPoolSize: 128, environment: 'production', ffmpeg: 'ffmpeg version 7.1' },
  reaches: [
    { what: 'whatsapp', host: 'web.whatsapp.com', tookMs: 40, error: null },
    { what: 'webhook', host: 'hooks.example.com', tookMs: 12, error: null },
  ],
};

const diagnosed = (facts: Partial<MachineFacts>, planned: Partial<Plan> = {}): Finding[] =>
  diagnose({ ...good, ...facts }, { ...plan, ...planned });
const find = (check: string, findings: readonly Finding[]): Finding | undefined =>
  findings.find((one) => one.check === check);

const lost = { what: 'whatsapp', host: 'web.whatsapp.com', tookMs: null, error: 'ENOTFOUND' } as const;

describe('a machine that is right', () => {
  it('has nothing to mend, on Linux and on Windows', () => {
    const windows = {
      ...({ platform: 'win32', openFilesMax: null, somaxconn: null, synBacklog: null } as const),
      ...{ receiveSideScaling: 'Enabled', autoTuningLevel: 'Normal' },
    };
    for (const facts of [{}, windows]) {
      const findings = diagnosed(facts);
      expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
      expect(findings.every(({ mend }) => mend === null)).toBe(true);
    }
  });
});

describe('a machine that is wrong', () => {
  it.each<[string, string, Partial<MachineFacts>, string, RegExp]>([
    ['an old Node', 'node', { nodeVersion: '20.20.2' }, 'failure', /npm ci/],
    ['few open files', 'nofile', { openFilesMax: 1_024 }, 'failure', /limits\.d.*LimitNOFILE/],
    ['fewer than wanted', 'nofile', { openFilesMax: 20_000 }, 'warning', /nofile 65536/],
    ['a short accept queue', 'somaxconn', { somaxconn: 128 }, 'warning', /net\.core\.somaxconn = 1024/],
    ['a short SYN backlog', 'syn-backlog', { synBacklog: 512 }, 'warning', /tcp_max_syn_backlog = 1024/],
    ['little memory', 'memory', { memoryBytes: 2 * gib }, 'failure', /MAX_INSTANCES/],
    ['just enough memory', 'memory', { memoryBytes: 2.8 * gib }, 'warning', /more memory/],
    ['one core', 'cores', { cores: 1 }, 'warning', /cores/],
    ['a full disk', 'disk', { diskFreeBytes: gib }, 'failure', /free space/],
    ['a filling disk', 'disk', { diskFreeBytes: 5 * gib }, 'warning', /DATA_DIR/],
    ['a network disk', 'disk-kind', { isNetworkDisk: true }, 'failure', /local disk/],
    ['a slow disk', 'write-speed', { writeMs: 20 }, 'warning', /SSD/],
    ['a very slow disk', 'write-speed', { writeMs: 80 }, 'failure', /iostat/],
    ['a folder of somebody else', 'write-speed', { writeMs: null }, 'failure', /chown .*\/srv\/elenco\/data/],
    ['a clock behind', 'clock', { clockSkewMs: -90_000 }, 'failure', /timedatectl/],
    ['a small thread pool', 'thread-pool', { threadPoolSize: 4 }, 'warning', /UV_THREADPOOL_SIZE=128/],
    ['no ffmpeg', 'ffmpeg', { ffmpeg: null }, 'warning', /apt-get install ffmpeg/],
    ['not production', 'environment', { environment: '' }, 'warning', /NODE_ENV=production/],
  ])('%s', (_, check, facts, level, mend) => {
    const found = find(check, diagnosed(facts));
    expect(found).toMatchObject({ level, mend: expect.stringMatching(mend) });
    expect(diagnosed(facts).filter((one) => one.level !== 'ok')).toEqual([found]);
  });

  it.each<[string, Partial<MachineFacts>, RegExp]>([
    ['tcp-rss', { receiveSideScaling: 'Disabled' }, /netsh int tcp set global rss=enabled/],
    ['tcp-autotuning', { autoTuningLevel: 'Restricted' }, /autotuninglevel=normal/],
    ['clock', { clockSkewMs: 60_000 }, /w32tm/],
    ['thread-pool', { threadPoolSize: 4 }, /setx/],
    ['environment', { environment: '' }, /setx NODE_ENV production/],
    ['disk', { diskFreeBytes: gib }, /Get-ChildItem/],
    ['write-speed', { writeMs: null }, /icacls "\/srv\/elenco\/data" \/grant/],
    ['write-speed', { writeMs: 80 }, /Get-Counter/],
    ['ffmpeg', { ffmpeg: null }, /winget/],
    ['whatsapp web.whatsapp.com', { reaches: [lost] }, /Test-NetConnection web\.whatsapp\.com -Port 443/],
  ])('on Windows: %s', (check, facts, mend) => {
    expect(find(check, diagnosed({ ...facts, platform: 'win32' }))?.mend).toMatch(mend);
  });

  it.each(['openFilesMax', 'somaxconn', 'synBacklog', 'clockSkewMs', 'diskFreeBytes'] as const)(
    'what cannot be read is unknown, not wrong: %s',
    (fact) => {
      expect(diagnosed({ [fact]: null }).map(({ level }) => level)).toContain('unknown');
      expect(diagnosed({ [fact]: null }).map(({ level }) => level)).not.toContain('failure');
    },
  );

  it('endpoints: WhatsApp out of reach is a failure, a webhook a warning, slowness is told', () => {
    const findings = diagnosed({
      reaches: [
        { what: 'whatsapp', host: 'web.whatsapp.com', tookMs: null, error: 'ENOTFOUND' },
        { what: 'webhook', host: 'a.example.com', tookMs: null, error: 'ECONNREFUSED' },
        { what: 'webhook', host: 'b.example.com', tookMs: 3_000, error: null },
      ],
    });
    const levels = findings.slice(-3).map(({ level }) => level);
    expect(levels).toEqual(['failure', 'warning', 'warning']);
    expect(findings.at(-3)?.mend).toMatch(/^nc -vz -w 5 web\.whatsapp\.com 443 .*outgoing TCP 443/);
  });

  it('more instances want more memory, cores and files', () => {
    const findings = diagnosed(
      { memoryBytes: 4 * gib, cores: 2, openFilesMax: 2_000 },
      { maxInstances: 500 },
    );
    expect(['memory', 'cores', 'nofile'].map((check) => find(check, findings)?.level)).toEqual([
      'failure',
      'warning',
      'failure',
    ]);
  });
});

describe('what it prints', () => {
  it('a line a finding, and the mend below what is wrong', () => {
    const text = report(diagnosed({ somaxconn: 128 }));
    expect(text).toMatch(/^warning {2}somaxconn .*128; wanted: 1024\n +mend: echo/m);
    expect(text).toMatch(/0 failures, 1 warnings$/);
  });

  it('as a command: JSON, exit status 1 for a failure', async () => {
    const env = { DATA_DIR: '/tmp', WA_SOCKET_URL: 'ws://127.0.0.1:9/ws/chat' };
    const program = new Program('src/cli/main.ts', ['doctor', '--json'], env);
    expect(await program.exited).toBe(1);
    const { isWell, findings } = JSON.parse(program.stdout) as { isWell: boolean; findings: Finding[] };
    expect(isWell).toBe(false);
    expect(find('whatsapp 127.0.0.1:9', findings)).toMatchObject({ level: 'failure' });
    expect(find('write-speed', findings)?.found).toMatch(/ms a durable write/);
  });
});
