/**
 * The `elenco` command: reads the words, and hands over. `start` and `sandbox` are processes of their own and
 * never imported; the other commands are loaded when they are asked for, so that a mistake costs nothing.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../config.ts';
import { Refusal } from './refusal.ts';
import { version } from './version.ts';

const programs: Readonly<Record<string, string>> = { start: '../main.ts', sandbox: '../sandbox/run.ts' };

const commands: Readonly<Record<string, () => Promise<(argv: readonly string[]) => Promise<number>>>> = {
  backup: async () => (await import('./backup.ts')).backupCommand,
  restore: async () => (await import('./backup.ts')).restoreCommand,
  verify: async () => (await import('./backup.ts')).verifyCommand,
  settings: async () => (await import('./backup.ts')).settingsCommand,
  export: async () => (await import('./backup.ts')).exportCommand,
  import: async () => (await import('./backup.ts')).importCommand,
  rekey: async () => (await import('./rekey.ts')).rekeyCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  instances: async () => (await import('./instances.ts')).instancesCommand,
  qr: async () => (await import('./qr.ts')).qrCommand,
  send: async () => (await import('./send.ts')).sendCommand,
  logs: async () => (await import('./logs.ts')).logsCommand,
};

const usage = `elenco: a WhatsApp gateway for hundreds of numbers

  elenco start                  the gateway
  elenco sandbox [options]      the gateway wired to the built-in WhatsApp sandbox
  elenco doctor [--json]        checks this machine and says how to mend what is wrong
  elenco backup FOLDER|-        an encrypted backup of store and settings, while the gateway runs;
                                - is a tar on stdout
         [--sessions]           without events and messages
  elenco restore FILE|-         makes the store of an empty DATA_DIR; - is stdin
  elenco verify FILE|-          reads a backup to its end and says what it holds
  elenco settings FILE|-        prints the settings that it holds, as a production.env
  elenco export ID FILE|-       one instance: its settings and its session
  elenco import FILE|-          adds it to the store of DATA_DIR, or to the gateway that runs on it
         [--connect]            and connects it there at once
  elenco rekey                  encrypts the stored values with DATA_KEY_NEXT instead of DATA_KEY
                                (empty: not at all), while the gateway is stopped
  elenco --version

Over the REST API, for people; each takes --url (ELENCO_URL; else this machine), --key (ELENCO_KEY, else
API_KEY) and --json:

  elenco instances              all, with their states; --state STATE only those
  elenco qr ID                  the QR code in the terminal, until the phone has scanned it
  elenco send ID TO TEXT|-      a text; - is stdin
         [--file PATH [--type TYPE]]  a file, with TEXT as its caption; TYPE as the API has it
         [--wait queued|server|delivered] [--idempotency-key KEY]
  elenco logs [ID]              live events, a line each; resumes by itself
         [--types TYPE,…] [--after POSITION]

Exit status: 0 done, 1 refused or failed, 2 said wrongly, 3 the gateway was not reached.

Settings come from the environment, else from production.env in the folder of Elenco
(docs/configuration.md). The passphrase of backups is BACKUP_PASSPHRASE.
`;

function run(program: string, argv: readonly string[]): void {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const spawned = spawn(process.execPath, [...process.execArgv, file, ...argv], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => spawned.kill(signal));
  spawned.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

/** What the environment does not set is taken from production.env, as PM2 does. */
function loadSettingsFile(): void {
  const file = fileURLToPath(new URL('../../production.env', import.meta.url));
  if (existsSync(file)) process.loadEnvFile(file);
}

async function obey(command: string, argv: readonly string[]): Promise<void> {
  const load = commands[command];
  if (!load) throw new Refusal(`unknown command ${JSON.stringify(command)}\n\n${usage}`);
  process.exitCode = await (await load())(argv);
}

interface Refused {
  readonly line: string;
  readonly exitCode: number;
}

/** By name: the modules that throw these are loaded only when they are needed. */
function explain(error: unknown): Refused {
  const { name, message, stack, ...more } = error instanceof Error ? error : new Error(String(error));
  const { code, status } = more as { code?: unknown; status?: unknown };
  if (name === 'ElencoError' && status === 0)
    return { line: `${message}. Is it running there?`, exitCode: 3 };
  if (name === 'ElencoError') return { line: `${String(code)}: ${message}`, exitCode: 1 };
  if (error instanceof Refusal || error instanceof ConfigError) return { line: message, exitCode: 2 };
  if (String(code).startsWith('ERR_PARSE_ARGS')) return { line: message, exitCode: 2 };
  return { line: name === 'BackupError' ? message : (stack ?? name), exitCode: 1 };
}

function refuse(error: unknown): void {
  const { line, exitCode } = explain(error);
  console.error(`elenco: ${line}`);
  process.exitCode = exitCode;
}

const asksHelp = (argv: readonly string[]): boolean =>
  argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).some((one) => one === '--help');

const [command = '--help', ...argv] = process.argv.slice(2);
const program = programs[command];
if (command === '--version' || command === '-v') console.log(version());
else if (['--help', '-h', 'help'].includes(command) || (!program && asksHelp(argv))) console.log(usage);
else {
  if (command !== 'sandbox') loadSettingsFile();
  if (program) run(program, argv);
  else await obey(command, argv).catch(refuse);
}
