/**
 * What virtual parties sent lately, so that a retry receipt can be answered with the same message under
 * the same id. Bounded, oldest out. Filled by `virtual-send.ts`, read by `retries.ts`.
 */
import type { Companion } from '../accounts/companion.ts';
import { limits } from '../limits.ts';
import type { SignalDevice } from '../signal/device.ts';
import type { NodeAttrs } from '../wire/node.ts';

/** One copy of a message, for one companion, before encryption. */
export interface Outgoing {
  readonly companion: Companion;
  readonly party: SignalDevice;
  readonly attrs: NodeAttrs & { readonly id: string; readonly from: string };
  /** Encoded `Message`, not padded. */
  readonly plain: Uint8Array;
  /** For groups: the group and the address under which the party's sender key is known. */
  readonly group?: { readonly jid: string; readonly self: string };
}

export class SentCache {
  readonly #byKey = new Map<string, Outgoing>();

  static key(id: string, companion: Companion): string {
    return `${companion.account.phone}:${companion.device}:${id}`;
  }

  add(outgoing: Outgoing): void {
    this.#byKey.set(SentCache.key(outgoing.attrs.id, outgoing.companion), outgoing);
    if (this.#byKey.size <= limits.sentForRetryMax) return;
    for (const key of this.#byKey.keys()) {
      this.#byKey.delete(key);
      break;
    }
  }

  find(id: string, companion: Companion): Outgoing | null {
    return this.#byKey.get(SentCache.key(id, companion)) ?? null;
  }
}
