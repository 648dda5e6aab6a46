/** Shared by the tests of this folder: hosts of the echo guest with short limits, and a quiet log. */
import { systemClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import {
  createHost,
  type Host,
  type HostLimits,
  type HostOptions,
  type WorkerSpec,
} from '../../src/thread/host.ts';
import type { EchoCommand, EchoEvent, EchoReplies } from './guests/echo-protocol.ts';

export const quietLog = createLog('silent');

export type EchoHost = Host<EchoCommand, EchoReplies, EchoEvent>;

const guestEntry = (name: string): URL => new URL(`./guests/${name}.ts`, import.meta.url);

/** Short enough for a test, long enough for a loaded machine. */
export const testLimits: Partial<HostLimits> = {
  heartbeatPeriodMs: 50,
  silenceLimitMs: 2_500,
  lookLateMs: 1_000,
  terminateLimitMs: 5_000,
};

export function echoHost(
  options: Partial<HostOptions<EchoEvent>> = {},
  spec: Partial<WorkerSpec<unknown>> & { readonly guest?: string } = {},
): EchoHost {
  const { guest = 'echo', ...rest } = spec;
  const full = { name: 'echo', entry: guestEntry(guest), boot: {}, mailboxCapacity: 2048, ...rest };
  return createHost(full, { clock: systemClock, log: quietLog, limits: testLimits, ...options });
}

export async function startedEchoHost(...args: Parameters<typeof echoHost>): Promise<EchoHost> {
  const host = echoHost(...args);
  await host.start();
  return host;
}

/** The failure that an ask ends in, as data. */
export async function failureOf(ask: Promise<unknown>): Promise<{ code?: string; message: string }> {
  const outcome = await ask.then(
    (value) => ({ message: `resolved with ${JSON.stringify(value)}` }),
    (error: Error & { code?: string }) => error,
  );
  return outcome;
}
