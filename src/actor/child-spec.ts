/**
 * What a supervisor needs of whatever it starts: local actors and thread hosts alike fulfil this.
 * A child reports its unexpected ends to `onExit` and can be started again afterwards.
 */

export interface Exit {
  /** Short and stable, for logs and metrics: `crashed`, `exited`, `heap_exhausted`, `silent`, … */
  readonly reason: string;
  readonly error: unknown;
  readonly wasReady: boolean;
  readonly servedMs: number;
}

export interface ChildSpec {
  readonly name: string;
  /** Resolves once it serves; rejects with `StartFailed` when it ended before that (no `onExit` then). */
  start(): Promise<void>;
  /** Finishes what is in the mailbox, then stops. */
  drain(): Promise<void>;
  /** Ordered end: no further turn, pending asks fail, `stop` of the behavior runs. */
  stop(): Promise<void>;
  /** Drains, stops and starts anew while its ref keeps accepting: nothing is lost. */
  replace(): Promise<void>;
  /** The supervisor has given it up: what it still holds becomes dead letters. */
  abandon(): void;
  onExit(listener: (exit: Exit) => void): void;
  stats(): Promise<Record<string, unknown>>;
}

/** Why a start did not end in readiness. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';
  readonly exit: Exit;

  constructor(actor: string, exit: Exit) {
    super(`${actor} ended before it was ready: ${exit.reason}: ${describe(exit.error)}`, {
      cause: exit.error,
    });
    this.exit = exit;
  }
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
