/**
 * Which of several equal actors owns a key (an instance on its shard), and how a key moves from one to another
 * without losing or reordering an ask: new asks are held, those in flight finish, the old owner stops, the new
 * place is remembered, the new owner starts. It holds no key's state; owners and the store do.
 */
import { present } from '../assert.ts';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import { heldAsksMax, retryAfterFullMs } from './limits.ts';
import type { AskOptions, Message, Ref, Replies } from './protocol.ts';

export interface MoveSteps<M extends Message, R extends Replies<M>> {
  readonly stop: (from: Ref<M, R>) => Promise<void>;
  /** Durable before the new owner starts: a crash in between must not start the key twice. */
  readonly remember: (place: number) => Promise<void>;
  readonly start: (to: Ref<M, R>) => Promise<void>;
}

interface Route {
  place: number;
  inFlight: number;
  held: number;
  moving: Promise<void> | undefined;
  onIdle: (() => void) | undefined;
}

export class Router<M extends Message, R extends Replies<M>> {
  readonly #owners: readonly Ref<M, R>[];
  readonly #clock: Clock;
  readonly #routes = new Map<string, Route>();

  constructor(owners: readonly Ref<M, R>[], clock: Clock) {
    this.#owners = owners;
    this.#clock = clock;
  }

  place(key: string, place: number): void {
    this.#owner(place);
    this.#routes.set(key, { place, inFlight: 0, held: 0, moving: undefined, onIdle: undefined });
  }

  forget(key: string): void {
    this.#routes.delete(key);
  }

  placeOf(key: string): number | undefined {
    return this.#routes.get(key)?.place;
  }

  /** As `Ref.ask` of the key's owner; while the key moves, waits for that within its own deadline. */
  async ask<K extends M['kind'] & keyof R>(
    key: string,
    message: Extract<M, { kind: K }>,
    options: AskOptions,
  ): Promise<R[K]> {
    const route = this.#route(key);
    const timeoutMs =
      route.moving === undefined ? options.timeoutMs : await this.#held(route, key, options.timeoutMs);
    route.inFlight++;
    try {
      return await this.#owner(route.place).ask(message, { timeoutMs });
    } finally {
      route.inFlight--;
      if (route.inFlight === 0) route.onIdle?.();
    }
  }

  /** Moves one key. When the new owner cannot start it, the old one starts it again and the error is thrown. */
  async move(key: string, to: number, steps: MoveSteps<M, R>): Promise<void> {
    const route = this.#route(key);
    if (route.moving !== undefined) throw new AppError('conflict', `${key} is already being moved`);
    if (route.place === to) return;
    const moved = this.#move(route, to, steps);
    // Held asks only wait for the end of it; the mover is told how it ended.
    route.moving = moved.then(release, release);
    function release(): void {
      route.moving = undefined;
    }
    await moved;
  }

  async #move(route: Route, to: number, steps: MoveSteps<M, R>): Promise<void> {
    const from = route.place;
    if (route.inFlight > 0) await new Promise<void>((resolve) => (route.onIdle = resolve));
    route.onIdle = undefined;
    await steps.stop(this.#owner(from));
    try {
      await this.#settle(route, to, steps);
    } catch (error) {
      await this.#settle(route, from, steps);
      throw error;
    }
  }

  async #settle(route: Route, place: number, steps: MoveSteps<M, R>): Promise<void> {
    await steps.remember(place);
    await steps.start(this.#owner(place));
    route.place = place;
  }

  /** Waits for the move; the remaining patience, or the refusal. */
  async #held(route: Route, key: string, timeoutMs: number): Promise<number> {
    if (route.held >= heldAsksMax) {
      const detail = `${key} is being moved: ${route.held} of ${heldAsksMax} asks are held`;
      throw new AppError('mailbox_full', detail, { retryAfterMs: retryAfterFullMs });
    }
    const deadlineMs = this.#clock.now() + timeoutMs;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = this.#clock.after(timeoutMs, () => {
      reject(new AppError('timeout', `${key} was still being moved after ${timeoutMs} ms`));
    });
    route.held++;
    try {
      while (route.moving !== undefined) await Promise.race([route.moving, late]);
    } finally {
      route.held--;
      timer.cancel();
    }
    return Math.max(1, deadlineMs - this.#clock.now());
  }

  #route(key: string): Route {
    const route = this.#routes.get(key);
    if (route === undefined) throw new AppError('instance_not_found', `${key} has no owner`);
    return route;
  }

  #owner(place: number): Ref<M, R> {
    return present(this.#owners[place], `owner ${place} of ${this.#owners.length}`);
  }
}
