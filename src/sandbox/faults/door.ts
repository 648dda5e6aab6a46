/**
 * What happens to those who connect: let in, refused, answered 503, left without an answer, or let in and
 * ignored; and which logins fail. Asked by the wire server and the login; set by `faults.ts`.
 */
import type { Clock } from '../../clock.ts';

/** `frozen`: the web socket opens, and then nothing is ever answered. `silent`: not even the upgrade is. */
export type DoorMode = 'open' | 'refuse' | 'unavailable' | 'silent' | 'frozen';

interface LoginFailure {
  readonly account: string | undefined;
  readonly reason: number;
  left: number;
}

export class Door {
  readonly #clock: Clock;
  #mode: DoorMode = 'open';
  #until = 0;
  #failures: LoginFailure[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get mode(): DoorMode {
    return this.#mode !== 'open' && this.#clock.now() < this.#until ? this.#mode : 'open';
  }

  /** For `ms`; `open` ends it at once. */
  set(mode: DoorMode, ms: number): void {
    this.#mode = mode;
    this.#until = this.#clock.now() + ms;
  }

  failLogins(reason: number, count: number, account: string | undefined): void {
    this.#failures.push({ account, reason, left: count });
  }

  /** The reason for which this login fails, or null. Uses one failure up. */
  takeFailure(account: string): number | null {
    const failure = this.#failures.find((one) => one.account === undefined || one.account === account);
    if (!failure) return null;
    failure.left -= 1;
    if (failure.left <= 0) this.#failures = this.#failures.filter((one) => one !== failure);
    return failure.reason;
  }

  reset(): void {
    this.#mode = 'open';
    this.#failures = [];
  }
}
