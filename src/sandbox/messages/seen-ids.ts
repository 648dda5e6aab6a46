/**
 * Message ids that accounts sent before, so that a second one under the same id is counted as a
 * duplicate. Bounded, oldest out. Asked by `relay.ts`.
 */
import { limits } from '../limits.ts';

export class SeenIds {
  readonly #seen = new Set<string>();

  /** True when this id came from that account to that chat before. */
  isRepeat(account: string, chat: string, id: string): boolean {
    const key = `${account}:${chat}:${id}`;
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    if (this.#seen.size > limits.seenIdsMax) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    return false;
  }
}
