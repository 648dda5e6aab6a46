/**
 * The webhook receiver of `npm run sandbox`: keeps what arrives, checks signatures when it is given the
 * secret, lets a reader wait for the next. Mounted on the control port by `run.ts`.
 */
import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../clock.ts';
import { equalInConstantTime } from '../../ids.ts';
import { limits } from '../limits.ts';

export interface Hook {
  readonly at: string;
  readonly id: string;
  /** Null when no secret was given to check with. */
  readonly isSigned: boolean | null;
  readonly body: unknown;
}

/** Standard Webhooks: `v1,` and the base64 HMAC of `id.timestamp.body`; several are separated by spaces. */
export function isSignedWith(secret: string, headers: IncomingHttpHeaders, raw: Buffer): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const { 'webhook-id': id, 'webhook-timestamp': stamp, 'webhook-signature': signatures } = headers;
  const mac = createHmac('sha256', key)
    .update(`${String(id)}.${String(stamp)}.`)
    .update(raw);
  const expected = `v1,${mac.digest('base64')}`;
  return String(signatures)
    .split(' ')
    .some((signature) => equalInConstantTime(signature, expected));
}

export class HookBoard {
  readonly #clock: Clock;
  readonly #hooks: Hook[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(hook: Hook): void {
    this.#hooks.push(hook);
    if (this.#hooks.length > limits.hooksKeptMax) this.#hooks.shift();
    for (const wake of [...this.#waiting]) wake();
  }

  /** Everything that arrived, newest last. */
  list(): readonly Hook[] {
    return this.#hooks;
  }

  /** Resolves when the next one arrives or `ms` passed. */
  next(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = this.#clock.after(ms, wake);
      this.#waiting.add(wake);
    });
  }
}
