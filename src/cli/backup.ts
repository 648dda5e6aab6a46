/**
 * `elenco backup`, `restore`, `verify`, `settings`, `export` and `import`: files and streams around src/backup.
 * Backups and exports open the store as a second reader beside the running gateway; restore takes the folder, and
 * so does import where no gateway has it. Everything for people goes to stderr: stdout may be the backup itself.
 */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { backUpTo, writeBackup, writeBackupFile } from '../backup/backup.ts';
import { importInstance, inspect, type Restored, type RestoreOptions, restore } from '../backup/restore.ts';
import { openForReading } from '../backup/snapshot.ts';
import { createElenco } from '../client/elenco.ts';
import { iso, systemClock } from '../clock.ts';
import { loadAccess, loadConfig } from '../config.ts';
import { storeIdentity } from '../store/identity.ts';
import { FolderInUse } from '../store/lmdb/owner-lock.ts';
import { Refusal } from './refusal.ts';
import { version } from './version.ts';

const say = (line: string): void => console.error(line);
const stream = '-';

interface Words {
  readonly positionals: readonly string[];
  /** Whether the command's one flag was given. */
  readonly isOn: boolean;
}

function words(argv: readonly string[], shape: string, count: number): Words {
  const flag = /\[--(\w+)\]/.exec(shape)?.[1];
  const { positionals, values } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: flag === undefined ? {} : { [flag]: { type: 'boolean' } },
  });
  if (positionals.length !== count) throw new Refusal(`say: elenco ${shape}`);
  return { positionals, isOn: flag !== undefined && values[flag] === true };
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
  const { positionals, isOn: sessions } = words(argv, 'backup FOLDER|- [--sessions]', 1);
  const [to = ''] = positionals;
  const env = openStoreForReading();
  const options = {
    ...({ scope: sessions ? 'sessions' : 'all', instance: null, filesMax: null } as const),
    ...{ passphrase: passphrase(), madeAt: iso(systemClock.now()), version: version() },
    settings: loadConfig().given,
  };
  try {
    if (to === stream) {
      const { rows } = await writeBackup(env, process.stdout, { ...options, isTar: true });
      say(`${rows} rows backed up`);
    } else {
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
    ...{ passphrase: passphrase(), madeAt: iso(systemClock.now()), version: version(), settings: {} },
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

/** The lock guards the folder, not one that was moved away beneath its gateway. */
async function warnOfAGateway(): Promise<void> {
  const { url } = loadAccess();
  const answer = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
  if (answer?.ok) say(`A gateway answers at ${url}: if it runs the numbers of this backup, stop it first.`);
}

export async function restoreCommand(argv: readonly string[]): Promise<number> {
  const [file = ''] = words(argv, 'restore FILE|-', 1).positionals;
  const options = restoreOptions();
  await warnOfAGateway();
  say(`restored into ${options.dataDir}: ${about(await restore(source(file), options))}`);
  say(
    'Start the gateway: the instances that were open connect by themselves. Never run a backup twice at once.',
  );
  return 0;
}

export async function importCommand(argv: readonly string[]): Promise<number> {
  const { positionals, isOn: connect } = words(argv, 'import FILE|- [--connect]', 1);
  const bytes = await buffer(source(positionals[0] ?? ''));
  const options = restoreOptions();
  try {
    const { head } = await importInstance(Readable.from([bytes]), options);
    const after = connect ? ' (--connect is for a gateway that runs)' : '';
    say(`${head.instance} imported; the next start connects it if it was connected when exported${after}`);
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    await importOnline(bytes, { passphrase: options.passphrase, connect, why: error.message });
  }
  return 0;
}

/** The folder has a running gateway: it takes the file itself. */
async function importOnline(
  bytes: Buffer,
  { passphrase, connect, why }: { passphrase: string; connect: boolean; why: string },
): Promise<void> {
  const { url, key } = loadAccess();
  if (key === null) throw new Refusal(`${why}; or set ELENCO_KEY or API_KEY, and that gateway takes it`);
  const body = { passphrase, connect, base64: bytes.toString('base64') };
  const { id } = await createElenco({ url, key }).post('/v1/import', { body });
  const then = connect
    ? 'it connects now'
    : `connect it when nobody else runs it: POST /v1/instances/${id}/connect`;
  say(`${id} imported into the gateway at ${url}; ${then}`);
}

export async function verifyCommand(argv: readonly string[]): Promise<number> {
  const [file = ''] = words(argv, 'verify FILE|-', 1).positionals;
  const found = await inspect(source(file), passphrase());
  say(`whole: ${found.head.instance ?? found.head.scope}, ${about(found)}`);
  return 0;
}

/** As Node and PM2 read it from production.env. */
function envLine([name, value]: readonly [string, string]): string {
  if (/^[\w./:,@%+=-]*$/.test(value)) return `${name}=${value}`;
  const quote = ['"', "'", '`'].find((one) => !value.includes(one)) ?? '"';
  return `${name}=${quote}${value}${quote}`;
}

export async function settingsCommand(argv: readonly string[]): Promise<number> {
  const [file = ''] = words(argv, 'settings FILE|-', 1).positionals;
  const { head } = await inspect(source(file), passphrase());
  const given = Object.entries(head.settings ?? {});
  if (given.length === 0) say('it has no settings: an export, or made with none set');
  else console.log(given.map(envLine).join('\n'));
  if (given.length > 0) say('BACKUP_PASSPHRASE is not in a backup: add it.');
  return 0;
}
