/** Process entry: settings, gateway, signals, and what a person reads first. Nothing else. */
import { systemClock } from './clock.ts';
import { ConfigError, loadConfig } from './config.ts';
import { detach } from './detach.ts';
import { AppError } from './errors.ts';
import { firstScreen } from './first-screen.ts';
import type { Gateway } from './gateway.ts';

const fatalExitCode = 70;

/** One line for what an operator can mend; the stack of anything else. */
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof AppError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const isListening = (error as NodeJS.ErrnoException).syscall === 'listen';
  return isListening ? `HOST and PORT: ${error.message}` : (error.stack ?? error.message);
}

function refuse(error: unknown): never {
  console.error(`elenco: ${explain(error)}`);
  process.exit(1);
}

function stopOnSignal(gateway: Gateway, drainTimeoutMs: number): void {
  let isStopping = false;
  const stop = (signal: string): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    console.error(`elenco: ${signal}: stopping (again: at once)`);
    systemClock.after(drainTimeoutMs, () => process.exit(1));
    gateway.stop().then(
      () => process.exit(0),
      (error: unknown) => refuse(error),
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(signal));
}

/** Fresh shard threads without a restart of the process: `kill -USR2 PID`. */
function replaceOnSignal(gateway: Gateway): void {
  process.on('SIGUSR2', () => {
    const failed = (error: unknown): void =>
      console.error(`elenco: shards were not replaced: ${String(error)}`);
    detach(gateway.actors.replaceShards(), failed);
  });
}

try {
  const config = loadConfig();
  // Loaded after the settings were read: a start that is refused costs a tenth of a second, also in a crash loop.
  const { startGateway } = await import('./gateway.ts');
  const gateway = await startGateway({
    config,
    onFatal: (reason) => {
      console.error(`elenco: ${reason}; the process ends and should be started again`);
      process.exit(fatalExitCode);
    },
  });
  stopOnSignal(gateway, config.drainTimeoutMs);
  replaceOnSignal(gateway);
  console.log(firstScreen(gateway, config));
  process.send?.('ready');
} catch (error) {
  refuse(error);
}
