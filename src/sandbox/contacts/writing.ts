/**
 * Contacts that write at a set rate: inbound load for tests, benches and users. Started by
 * `sandbox.writeAtRate` and the control API; never faster than asked, and it says how far it got.
 */
import { pause } from '../../clock.ts';
import { accountOf } from '../people.ts';
import type { World } from '../world.ts';
import { speak } from './speak.ts';

export interface WritingOptions {
  /** Numbers of the accounts that are written to, in turn. */
  readonly to: readonly string[];
  /** Messages per second in all. */
  readonly perSecond: number;
  readonly durationMs: number;
  /** How many different contacts write. Default 10. */
  readonly contacts?: number;
  /** Text before the running number. Default `inbound`. */
  readonly text?: string;
  readonly signal?: AbortSignal;
}

export interface Written {
  readonly messages: number;
  /** Message ids by account. */
  readonly ids: Readonly<Record<string, string[]>>;
}

const tickMs = 10;

/** The n-th silent contact of a fixed range. */
export const writerNumber = (n: number): string =>
  `5511987${String(n % 100).padStart(2, '0')}8${String((n % 999) + 1).padStart(3, '0')}`;

export async function writeAtRate(world: World, options: WritingOptions): Promise<Written> {
  const accounts = options.to.map((number) => accountOf(world, number));
  const writers = options.contacts ?? 10;
  const ids: Record<string, string[]> = {};
  const start = world.clock.elapsed();
  const sending: Promise<void>[] = [];
  let messages = 0;
  for (
    let now = 0;
    now < options.durationMs && !options.signal?.aborted;
    now = world.clock.elapsed() - start
  ) {
    const due = Math.floor((now / 1000) * options.perSecond) + 1;
    for (; messages < due; messages += 1) {
      const account = accounts[messages % accounts.length];
      const contact = world.contacts.find(writerNumber(messages % writers));
      if (!account || !contact) continue;
      const spoken = speak(world, contact, account, {
        conversation: `${options.text ?? 'inbound'} ${messages + 1}`,
      });
      const known = ids[account.phone] ?? [];
      known.push(spoken.id);
      ids[account.phone] = known;
      sending.push(spoken.sent);
    }
    await pause(world.clock, tickMs, options.signal);
  }
  await Promise.all(sending);
  return { messages, ids };
}
