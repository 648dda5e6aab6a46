/**
 * Who starts, restarts and stops: child specs in order, stop in reverse, one for one after a death, with
 * backoff and a bounded intensity. Too many restarts escalate: the supervisor stops its children and tells
 * its owner, who ends the process. It decides by `restart-policy.ts` and holds no state of any actor.
 */
import { present } from '../assert.ts';
import type { Clock, Timer } from '../clock.ts';
import { detach } from '../detach.ts';
import { errorFields, type Log } from '../log.ts';
import { type ChildSpec, type Exit, StartFailed } from './child-spec.ts';
import {
  decideRestart,
  noRestarts,
  type RestartHistory,
  type RestartLimits,
  restartLimits,
} from './restart-policy.ts';

export interface Escalation {
  readonly child: string;
  readonly restarts: number;
  readonly exit: Exit;
}

export interface SupervisorOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: RestartLimits;
  /** After this the supervisor has stopped its children; the owner is expected to end the process. */
  readonly onEscalate?: (escalation: Escalation) => void;
  /** After each death, before the restart. */
  readonly onDeath?: (child: string, exit: Exit, restartAfterMs: number) => void;
  /** After a restart has ended in readiness. */
  readonly onRestarted?: (child: string) => void;
}

type ChildState = 'starting' | 'running' | 'restarting' | 'replacing' | 'stopped';

interface Child {
  readonly spec: ChildSpec;
  state: ChildState;
  history: RestartHistory;
  restarts: number;
  /** Tells a start whose child has died again before its promise was seen from one that still stands. */
  deaths: number;
  timer: Timer | undefined;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #limits: RestartLimits;
  readonly #children: Child[] = [];
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#limits = options.limits ?? restartLimits;
  }

  /** Starts the specs one after another. When one fails, those before it are stopped and the error is thrown. */
  async start(specs: readonly ChildSpec[]): Promise<void> {
    for (const spec of specs) {
      const child: Child = {
        spec,
        state: 'starting',
        history: noRestarts,
        restarts: 0,
        deaths: 0,
        timer: undefined,
      };
      this.#children.push(child);
      spec.onExit((exit) => this.#died(child, exit));
      try {
        await spec.start();
        if (child.state === 'starting') child.state = 'running';
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
  }

  /** Drains every child, last started first. */
  async drain(): Promise<void> {
    await this.#endAll((spec) => spec.drain());
  }

  /** Stops every child, last started first. */
  async stop(): Promise<void> {
    await this.#endAll((spec) => spec.stop());
  }

  /** Replaces one child by a fresh start of itself without losing a message. */
  async replace(name: string): Promise<void> {
    const child = present(
      this.#children.find(({ spec }) => spec.name === name),
      `no child is named ${name}`,
    );
    if (child.state !== 'running') return;
    child.state = 'replacing';
    try {
      await child.spec.replace();
      if (child.state === 'replacing') child.state = 'running';
    } catch (error) {
      this.#startFailed(child, error);
    }
  }

  /** Replaces all children, one at a time. */
  async replaceAll(): Promise<void> {
    for (const { spec } of [...this.#children]) await this.replace(spec.name);
  }

  stateOf(name: string): ChildState | undefined {
    return this.#children.find(({ spec }) => spec.name === name)?.state;
  }

  async stats(): Promise<Record<string, Record<string, unknown>>> {
    const all = this.#children.map(async ({ spec, state, restarts }) => {
      return [spec.name, { child: state, restarts, ...(await spec.stats()) }] as const;
    });
    return Object.fromEntries(await Promise.all(all));
  }

  async #endAll(end: (spec: ChildSpec) => Promise<void>): Promise<void> {
    this.#isStopping = true;
    for (const child of [...this.#children].reverse()) {
      child.timer?.cancel();
      if (child.state === 'stopped') continue;
      child.state = 'stopped';
      await end(child.spec).catch((error) => this.#report(child, error, 'a child did not stop in order'));
    }
  }

  #died(child: Child, exit: Exit): void {
    if (this.#isStopping || child.state === 'stopped') return;
    child.deaths++;
    const death = { at: this.#options.clock.now(), wasReady: exit.wasReady, servedMs: exit.servedMs };
    const decision = decideRestart(child.history, death, this.#limits);
    child.history = decision.history;
    if (decision.kind === 'escalate') this.#escalate(child, decision.restarts, exit);
    else this.#restartLater(child, exit, decision.afterMs);
  }

  #restartLater(child: Child, exit: Exit, afterMs: number): void {
    const { clock, log } = this.#options;
    child.state = 'restarting';
    log.error(
      {
        actor: child.spec.name,
        reason: exit.reason,
        error: errorFields(exit.error),
        afterMs: afterMs,
      },
      'actor died and is restarted',
    );
    this.#options.onDeath?.(child.spec.name, exit, afterMs);
    child.timer = clock.after(afterMs, () => detach(this.#restart(child), () => undefined), 'foreground');
  }

  async #restart(child: Child): Promise<void> {
    if (this.#isStopping) return;
    child.restarts++;
    const { deaths } = child;
    try {
      await child.spec.start();
    } catch (error) {
      return this.#startFailed(child, error);
    }
    if (child.state !== 'restarting' || child.deaths !== deaths) return;
    child.state = 'running';
    this.#options.onRestarted?.(child.spec.name);
  }

  #startFailed(child: Child, error: unknown): void {
    const unknownExit = { reason: 'start_failed', error, wasReady: false, servedMs: 0 };
    this.#died(child, error instanceof StartFailed ? error.exit : unknownExit);
  }

  #escalate(child: Child, restarts: number, exit: Exit): void {
    this.#options.log.fatal(
      { actor: child.spec.name, restarts, reason: exit.reason },
      'restart intensity exceeded',
    );
    child.state = 'stopped';
    child.spec.abandon();
    const finished = this.stop().then(() => {
      this.#options.onEscalate?.({ child: child.spec.name, restarts, exit });
    });
    detach(finished, (error) => this.#report(child, error, 'escalation failed'));
  }

  #report(child: Child, error: unknown, text: string): void {
    this.#options.log.error({ actor: child.spec.name, error: errorFields(error) }, text);
  }
}
