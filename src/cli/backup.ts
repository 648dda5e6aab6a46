/**
 * `elenco backup`, `restore`, `verify`, `export` and `import`: files and streams around src/backup. Backups and
 * exports open the store as a second reader beside the running gateway; restore and import take the folder.
 * Everything for people goes to stderr: stdout may be the backup itself.
 */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { backUpTo, writeBackup, writeBackupFile } from '../backup/backup.ts';
import { importInstance, inspect, type Restored, type RestoreOptions, restore } from '../backup/restore.ts';
import { openForReading } from '../backup/snapshot.ts';
import { iso, systemClock } from '../clock.ts';
import { loadConfig } from '../config.ts';
import { storeIdentity } from '../store/identity.ts';
import { Refusal } from './refusal.ts';
import { version } from './version.ts';

const say = (line: string): void => console.error(line);
const stream = '-';

interface Words {
  readonly positionals: readonly string[];
  readonly sessions: boolean;
}

function words(argv: readonly string[], shape: string, count: number): Words {
  const { positionals, values } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { sessions: { type: 'boolean', default: false } },
  });
  if (positionals.length !== count) throw new Refusal(`say: elenco ${shape}`);
  return { positionals, sessions: values.sessions };
}

function passphrase(): string {
  const given = loadConfig().backup.passphrase;
  if (given === null)
    throw new Refusal('BACKUP_PASSPHRASE is not set: backups hold sessions and are always encrypted');
  return given;
}

function restoreOptions(): RestoreOptions {
  const config = loadConfig();
  return {
    ...{ dataDir: config.dataDir, dataKey: config.dataKey },
    passphrase: passphrase(),
    identity: storeIdentity(config),
    now: iso(systemClock.now()),
  };
}

function openStoreForReading(): ReturnType<typeof openForReading> {
  const { dataDir, dataKey } = loadConfig();
  return openForReading(dataDir, dataKey);
}

const source = (file: string): Readable => (file === stream ? process.stdin : createReadStream(file));

const about = ({ head, rows, instances }: Restored): string =>
  `${instances} instance${instances === 1 ? '' : 's'}, ${rows} rows, made ${head.madeAt} by Elenco ${head.version}`;

export async function backupCommand(argv: readonly string[]): Promise<number> {
  const { positionals, sessions } = words(argv, 'backup FOLDER|- [--sessions]', 1);
  const [to = ''] = positionals;
  const env = openStoreForReading();
  const options = {
    ...({ scope: sessions ? 'sessions' : 'all', instance: null, filesMax: null } as const),
    ...{ passphrase: passphrase(), madeAt: iso(systemClock.now()), version: version() },
  };
  try {
    if (to === stream) say(`${(await writeBackup(env, process.stdout, options)).rows} rows backed up`);
    else {
      const { rows, file } = await backUpTo(env, to, options);
      say(`${rows} rows backed up to ${file}`);
    }
  } finally {
    await env.root.close();
  }
  return 0;
}

export async function exportCommand(argv: readonly string[]): Promise<number> {
  const { positionals } = words(argv, 'export ID FILE|-', 2);
  const [instance = '', to = ''] = positionals;
  const env = openStoreForReading();
  const options = {
    ...({ scope: 'sessions', instance } as const),
    ...{ passphrase: passphrase(), madeAt: iso(systemClock.now()), version: version() },
  };
  try {
    if (to === stream) await writeBackup(env, process.stdout, options);
    else await writeBackupFile(env, to, options);
  } finally {
    await env.root.close();
  }
  say(`${instance} exported. Only one gateway may run it: disconnect it here before it connects elsewhere.`);
  return 0;
}

export async function restoreCommand(argv: readonly string[]): Promise<number> {
  const [file = ''] = words(argv, 'restore FILE|-', 1).positionals;
  const options = restoreOptions();
  say(`restored into ${options.dataDir}: ${about(await restore(source(file), options))}`);
  say(
    'Start the gateway: the instances that were open connect by themselves. Never run a backup twice at once.',
  );
  return 0;
}

export async function importCommand(argv: readonly string[]): Promise<number> {
  const [file = ''] = words(argv, 'import FILE|-', 1).positionals;
  const { head } = await importInstance(source(file), restoreOptions());
  say(`${head.instance} imported; the next start of the gateway opens it`);
  return 0;
}

export async function verifyCommand(argv: readonly string[]): Promise<number> {
  const [file = ''] = words(argv, 'verify FILE|-', 1).positionals;
  const found = await inspect(source(file), passphrase());
  say(`whole: ${found.head.instance ?? found.head.scope}, ${about(found)}`);
  return 0;
}
