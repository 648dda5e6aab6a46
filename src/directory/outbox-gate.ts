/**
 * Which instances are held back because too many of their events are undelivered (DECISIONS 13): disconnected,
 * so that WhatsApp's own queue keeps what comes, and opened again at 80 %. Fed by the webhook actor's counts.
 */
import { detach } from '../detach.ts';
import { errorFields, type Log } from '../log.ts';
import type { WebhookFact } from '../protocol/webhook.ts';
import type { Directory } from './directory.ts';

export interface OutboxLimits {
  readonly perInstance: number;
  /** Of all instances together. */
  readonly total: number;
}

export interface Holds {
  readonly held: ReadonlySet<string>;
  /** All together are over their limit, so that each is held to an equal part of it. */
  readonly isScarce: boolean;
}

const reopenShare = 0.8;
export const noHolds: Holds = { held: new Set(), isScarce: false };

/** Pure. `pending` by instance; who is held stays so until it is at 80 % of what it is held to. */
export function judgeHolds(pending: ReadonlyMap<string, number>, before: Holds, limits: OutboxLimits): Holds {
  let total = 0;
  for (const count of pending.values()) total += count;
  const isScarce = total >= limits.total * (before.isScarce ? reopenShare : 1);
  const part = isScarce ? limits.total / Math.max(1, pending.size) : limits.perInstance;
  const bound = Math.min(limits.perInstance, part);
  const held = [...pending]
    .filter(([id, count]) => (before.held.has(id) ? count > bound * reopenShare : count >= bound))
    .map(([id]) => id);
  return { held: new Set(held), isScarce };
}

export interface OutboxGateParts {
  readonly directory: Directory;
  readonly log: Log;
  readonly limits: OutboxLimits;
  /** Tells the shard; rejects while it restarts, and then it hears it with the instance. */
  hold(instance: string, isHeld: boolean): Promise<void>;
}

export class OutboxGate {
  readonly #parts: OutboxGateParts;
  readonly #pending = new Map<string, number>();
  #holds: Holds = noHolds;

  constructor(parts: OutboxGateParts) {
    this.#parts = parts;
  }

  told({ instance, pending }: WebhookFact): void {
    if (pending > 0) this.#pending.set(instance, pending);
    else this.#pending.delete(instance);
    this.#judge();
  }

  forget(): void {
    this.#pending.clear();
    this.#judge();
  }

  #judge(): void {
    const { directory, limits } = this.#parts;
    const before = this.#holds.held;
    this.#holds = judgeHolds(this.#pending, this.#holds, limits);
    const { held } = this.#holds;
    directory.hold(held);
    for (const id of before) if (!held.has(id)) this.#tell(id, false);
    // One that was told while its shard restarted, or was moved meanwhile, is told again.
    for (const id of held)
      if (!before.has(id) || directory.get(id)?.status.state === 'open') this.#tell(id, true);
  }

  #tell(instance: string, isHeld: boolean): void {
    const { directory, log, hold } = this.#parts;
    if (!directory.get(instance)) return;
    log.warn(
      { instance, isHeld, pending: this.#pending.get(instance) ?? 0 },
      'undelivered events hold an instance',
    );
    detach(hold(instance, isHeld), (error) =>
      log.warn({ instance, isHeld, error: errorFields(error) }, 'an instance was not told that it is held'),
    );
  }
}
