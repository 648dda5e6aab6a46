/**
 * Which messages crash their actor: counts crashes by fingerprint and sets a message aside at the second.
 * Kept by whoever outlives the actor (a host, a local actor). Bounded in size and in memory of the past.
 */
import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import type { Clock } from '../clock.ts';
import { poisonCrashesMax, poisonEntriesMax, poisonMemoryMs } from './limits.ts';
import type { Message } from './protocol.ts';

interface Suspect {
  readonly crashes: number;
  readonly atMs: number;
}

/**
 * Equal content gives an equal fingerprint; undefined for what is not data (only a local actor can be sent
 * such). Computed only around crashes, so its cost does not matter.
 */
export function fingerprint(message: Message): string | undefined {
  try {
    return `${message.kind}:${createHash('sha256').update(serialize(message)).digest('base64url')}`;
  } catch {
    return undefined;
  }
}

export class PoisonLedger {
  readonly #clock: Clock;
  readonly #suspects = new Map<string, Suspect>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Records one crash; true when the message is now set aside. */
  blame(message: Message): boolean {
    const key = fingerprint(message);
    if (key === undefined) return false;
    const crashes = (this.#recall(key)?.crashes ?? 0) + 1;
    this.#suspects.delete(key);
    this.#suspects.set(key, { crashes, atMs: this.#clock.now() });
    this.#trim();
    return crashes >= poisonCrashesMax;
  }

  /** True when this very message has crashed its actor as often as is allowed. Free while none ever did. */
  isSetAside(message: Message): boolean {
    if (this.#suspects.size === 0) return false;
    const key = fingerprint(message);
    return key !== undefined && (this.#recall(key)?.crashes ?? 0) >= poisonCrashesMax;
  }

  get size(): number {
    return this.#suspects.size;
  }

  #recall(key: string): Suspect | undefined {
    const suspect = this.#suspects.get(key);
    if (suspect !== undefined && this.#clock.now() - suspect.atMs < poisonMemoryMs) return suspect;
    this.#suspects.delete(key);
    return undefined;
  }

  #trim(): void {
    for (const key of this.#suspects.keys()) {
      if (this.#suspects.size <= poisonEntriesMax) return;
      this.#suspects.delete(key);
    }
  }
}
