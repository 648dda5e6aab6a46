/**
 * The instances of a shard by id. While a fresh thread is still being given its instances, a command for one
 * that has not come yet waits for it instead of failing.
 */
import { AppError } from '../errors.ts';
import type { Instance } from './instance.ts';

export class Roster {
  #instances = new Map<string, Instance>();
  #awaited = new Map<string, PromiseWithResolvers<Instance>>();
  #leaving = new Set<string>();
  #isFinished = false;

  get size(): number {
    return this.#instances.size;
  }

  all(): Instance[] {
    return [...this.#instances.values()];
  }

  get(id: string): Instance | undefined {
    return this.#instances.get(id);
  }

  add(instance: Instance): void {
    this.#instances.set(instance.id, instance);
    this.#awaited.get(instance.id)?.resolve(instance);
    this.#awaited.delete(instance.id);
  }

  /** It is being stopped: no command reaches it any more, which could open it again. */
  leave(id: string): void {
    this.#leaving.add(id);
  }

  remove(id: string): void {
    this.#leaving.delete(id);
    this.#instances.delete(id);
  }

  /** All are here: whoever still waits for another one hears that it is not. */
  finish(): void {
    this.#isFinished = true;
    for (const [id, { reject }] of this.#awaited) reject(notHere(id));
    this.#awaited.clear();
  }

  /** Resolves once the instance is hosted; rejects `actor_restarted` where it is not going to be. */
  async find(id: string): Promise<Instance> {
    const instance = this.#instances.get(id);
    if (this.#leaving.has(id)) throw notHere(id);
    if (instance) return instance;
    if (this.#isFinished) throw notHere(id);
    const awaited = this.#awaited.get(id) ?? Promise.withResolvers<Instance>();
    this.#awaited.set(id, awaited);
    return awaited.promise;
  }
}

const notHere = (id: string): AppError =>
  new AppError('actor_restarted', `Instance ${id} is not hosted by this shard now.`, { retryAfterMs: 1_000 });
