/**
 * Time from a crash to serving, in a process of its own: a supervised guest is crashed by a message; measured
 * from the asker's failure to the first answered ask. Restart delay at its minimum. One JSON line.
 */
import { restartLimits } from '../src/actor/restart-policy.ts';
import { Supervisor } from '../src/actor/supervisor.ts';
import { systemClock } from '../src/clock.ts';
import { createLog } from '../src/log.ts';
import { createHost } from '../src/thread/host.ts';

export interface CrashResult {
  readonly failMs: number;
  readonly serveMs: number;
}

type Command = { readonly kind: 'Crash'; readonly way: string } | { readonly kind: 'Echo' };

const [way = 'throw'] = process.argv.slice(2);
const log = createLog('silent');
const host = createHost<null, Command, { Crash: never; Echo: string }>(
  {
    name: 'bench',
    entry: new URL('./actor-crash-guest.ts', import.meta.url),
    boot: null,
    mailboxCapacity: 64,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  },
  { clock: systemClock, log },
);
const restarted = Promise.withResolvers<string>();
const limits = { ...restartLimits, delayMsMin: 1 };
const supervisor = new Supervisor({ clock: systemClock, log, limits, onRestarted: restarted.resolve });
await supervisor.start([host]);
await host.ref.ask({ kind: 'Echo' }, { timeoutMs: 10_000 });
const crashedAt = performance.now();
await host.ref.ask({ kind: 'Crash', way }, { timeoutMs: 30_000 }).catch(() => undefined);
const failedAt = performance.now();
await restarted.promise;
await host.ref.ask({ kind: 'Echo' }, { timeoutMs: 10_000 });
console.log(JSON.stringify({ failMs: failedAt - crashedAt, serveMs: performance.now() - failedAt }));
process.exit(0);
