/**
 * The `elenco` command: starts the gateway or the sandbox in this process' place. It spawns and never
 * imports them, so that a mistake in the arguments costs nothing.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const programs: Readonly<Record<string, string>> = { start: '../main.ts', sandbox: '../sandbox/run.ts' };

const usage = `elenco: a WhatsApp gateway for hundreds of numbers

  elenco start              the gateway (settings from the environment, see docs/configuration.md)
  elenco sandbox [options]  the gateway wired to the built-in WhatsApp sandbox
  elenco --version
`;

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function run(program: string, argv: readonly string[]): void {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const spawned = spawn(process.execPath, [...process.execArgv, file, ...argv], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => spawned.kill(signal));
  spawned.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

const [command = '--help', ...argv] = process.argv.slice(2);
const program = programs[command];
if (program) run(program, argv);
else if (command === '--version' || command === '-v') console.log(version());
else if (command === '--help' || command === '-h' || command === 'help') console.log(usage);
else {
  console.error(`elenco: unknown command ${JSON.stringify(command)}\n\n${usage}`);
  process.exitCode = 2;
}
