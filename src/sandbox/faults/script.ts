/**
 * A seeded run of random faults: the same seed chooses the same faults in the same order. Started by
 * `sandbox.runFaults`, the control API and the mixed run.
 */
import { pause } from '../../clock.ts';
import type { World } from '../world.ts';
import type { Faults } from './faults.ts';
import { pick, type Random, seededRandom } from './random.ts';

export interface ScriptOptions {
  readonly seed: string;
  readonly durationMs: number;
  /** Mean time between two faults. Default 1000 ms. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

export interface ScriptedFault {
  readonly atMs: number;
  readonly fault: string;
  readonly account: string | null;
}

type Step = (faults: Faults, account: string, random: Random) => void;

/** Faults after which everything can come right by itself. */
const steps: Readonly<Record<string, Step>> = {
  drop: (faults, account) => void faults.close('drop', account),
  close: (faults, account) => void faults.close('close', account),
  'stream 503': (faults, account) => void faults.close('503', account),
  'stream 515': (faults, account) => void faults.close('515', account),
  'door 503': (faults, _account, random) => faults.door('unavailable', 100 + random() * 400),
  'door refuse': (faults, _account, random) => faults.door('refuse', 100 + random() * 400),
  'login 503': (faults, account) => faults.failLogins(503, { account }),
  'delay out': (faults, account) => faults.stanza({ effect: 'delay', account, delayMs: 200 }),
  'drop out': (faults, account) => faults.stanza({ effect: 'drop', account }),
  'drop receipt': (faults, account) =>
    faults.stanza({ effect: 'drop', direction: 'fromAccount', tag: 'receipt', account }),
  'duplicate out': (faults, account) => faults.stanza({ effect: 'duplicate', account }),
  'reorder out': (faults, account) => faults.stanza({ effect: 'reorder', account, delayMs: 200 }),
  'corrupt out': (faults, account) => faults.stanza({ effect: 'corrupt', account }),
  'corrupt in': (faults, account) => faults.stanza({ effect: 'corrupt', direction: 'fromAccount', account }),
};

export const scriptedFaults = Object.keys(steps);

export async function runScript(
  world: World,
  faults: Faults,
  options: ScriptOptions,
): Promise<ScriptedFault[]> {
  const random = seededRandom(options.seed);
  const everyMs = options.everyMs ?? 1_000;
  const done: ScriptedFault[] = [];
  const start = world.clock.elapsed();
  for (;;) {
    await pause(world.clock, everyMs * (0.5 + random()), options.signal);
    const atMs = Math.round(world.clock.elapsed() - start);
    if (atMs >= options.durationMs || options.signal?.aborted) return done;
    const fault = pick(random, scriptedFaults) ?? 'drop';
    const account = pick(random, world.accounts.all())?.phone ?? '';
    steps[fault]?.(faults, account, random);
    done.push({ atMs, fault, account });
  }
}
