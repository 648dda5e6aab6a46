/**
 * The sandbox in numbers: what is connected, what waits, what was counted. Read by `stats()` and
 * `GET /stats`.
 */
import type { Counts } from './counters.ts';
import type { World } from './world.ts';

export interface AccountStats {
  readonly phone: string;
  readonly lid: string;
  readonly devices: number;
  readonly connected: number;
  readonly live: number;
  /** Stanzas that its devices have not acknowledged. */
  readonly unacknowledged: number;
  readonly counts: Counts;
}

export interface Stats {
  readonly connections: number;
  readonly live: number;
  readonly accounts: number;
  readonly contactsUsed: number;
  readonly unacknowledged: number;
  /** Of the process that the sandbox runs in. */
  readonly process: { readonly cpuMs: number; readonly rssMb: number };
  readonly total: Counts;
  readonly perAccount: readonly AccountStats[];
}

function processFigures(): Stats['process'] {
  const { user, system } = process.cpuUsage();
  return {
    cpuMs: Math.round((user + system) / 1000),
    rssMb: Math.round(process.memoryUsage.rss() / 1_048_576),
  };
}

export function statsOf(world: World): Stats {
  const perAccount = world.accounts.all().map((account) => {
    const companions = [...account.companions.values()];
    return {
      phone: account.phone,
      lid: account.lid,
      devices: companions.length,
      connected: companions.filter(({ link }) => link !== null).length,
      live: companions.filter(({ isLive }) => isLive).length,
      unacknowledged: companions.reduce((sum, { queue }) => sum + queue.size, 0),
      counts: { ...world.counters.ofAccount(account.phone) },
    };
  });
  const sum = (name: 'live' | 'unacknowledged'): number =>
    perAccount.reduce((all, one) => all + one[name], 0);
  return {
    connections: world.connections.size,
    live: sum('live'),
    accounts: perAccount.length,
    contactsUsed: world.contacts.used().length,
    unacknowledged: sum('unacknowledged'),
    process: processFigures(),
    total: { ...world.counters.total },
    perAccount,
  };
}
