/**
 * The gateway as a process of its own, told about the sandbox by environment only. Started and stopped by
 * `run.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface GatewayProcess {
  /** Resolves with its exit code. */
  readonly exited: Promise<number>;
  /** SIGTERM, then waits for it. */
  stop(): Promise<number>;
}

export function startGatewayProcess(environment: NodeJS.ProcessEnv): GatewayProcess {
  const main = fileURLToPath(new URL('../../main.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [...process.execArgv, main], {
    stdio: 'inherit',
    env: environment,
  });
  const exited = new Promise<number>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ? 1 : (code ?? 1)));
    child.on('error', () => resolve(1));
  });
  return {
    exited,
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
