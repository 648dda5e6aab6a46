/** What the gateway says of itself: health for probes and balancers, and the metrics of all threads. */
import { askTimeoutMs } from '../limits.ts';
import { aggregate, type ThreadProbe } from '../monitoring/thread-metrics.ts';
import type { HealthView } from '../protocol/commands.ts';
import { restingStates } from '../protocol/instance.ts';
import type { ThreadMetrics } from '../protocol/metrics.ts';
import type { Actors } from './actors.ts';
import type { Directory } from './directory.ts';

export interface OverviewOptions {
  readonly directory: Directory;
  readonly actors: Actors;
  readonly probe: ThreadProbe;
}

type Phase = 'starting' | 'serving' | 'draining';

export class Overview {
  #options: OverviewOptions;
  #phase: Phase = 'starting';

  constructor(options: OverviewOptions) {
    this.#options = options;
  }

  get isDraining(): boolean {
    return this.#phase === 'draining';
  }

  started(): void {
    if (this.#phase === 'starting') this.#phase = 'serving';
  }

  draining(): void {
    this.#phase = 'draining';
  }

  health(): HealthView {
    const { directory, actors } = this.#options;
    const threads = [actors.webhooks, ...actors.shards];
    const checks = Object.fromEntries(
      threads.map(({ name, state }) => [
        name,
        { ok: state === 'ready' || state === 'replacing', detail: state },
      ]),
    );
    const isWhole = Object.values(checks).every(({ ok }) => ok);
    const instances = directory.countByState();
    return {
      status: this.#status(isWhole),
      checks: { ...checks, instances: this.#opened(instances) },
      instances,
    };
  }

  /**
   * How far the opening is after a start. It does not count into the status: an instance that cannot connect is
   * nobody else's trouble. Until a shard has its instances, their states are those of the last run.
   */
  #opened(counts: HealthView['instances']): { ok: boolean; detail: string } {
    const isHosted = this.#phase !== 'starting';
    const isOpening = counts.connecting + counts.reconnecting > 0;
    const resting = restingStates.reduce((sum, state) => sum + counts[state], 0);
    const wanted = Object.values(counts).reduce((sum, count) => sum + count, 0) - resting;
    const progress = `${counts.open} of ${wanted} open`;
    return {
      ok: isHosted && !isOpening,
      detail: isHosted ? progress : 'shards are being given their instances',
    };
  }

  #status(isWhole: boolean): HealthView['status'] {
    if (this.#phase !== 'serving') return this.#phase;
    return isWhole ? 'ok' : 'degraded';
  }

  async prometheus(): Promise<string> {
    return aggregate(await this.threads());
  }

  /** Every thread that answers; one that is restarting is left out. */
  async threads(): Promise<ThreadMetrics[]> {
    const { actors, probe } = this.#options;
    const asked = { timeoutMs: askTimeoutMs };
    const answers = await Promise.allSettled([
      actors.webhooks.ref.ask({ kind: 'CollectMetrics' }, asked),
      ...actors.shards.map(({ ref }) => ref.ask({ kind: 'CollectMetrics' }, asked)),
    ]);
    const others = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    return [await probe.report(), ...others];
  }
}
