/**
 * Puts together what runs beside the instances: operations, alerts, scheduled backups, and the metrics of the
 * main thread that they give. Called once by the gateway, which starts its timers and stops them.
 */
import { availableParallelism } from 'node:os';
import { BackupSchedule, backupCheckPeriodMs } from '../backup/schedule.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Config } from '../config.ts';
import { detach } from '../detach.ts';
import { errorFields, type Log } from '../log.ts';
import type { MetricRegistry } from '../monitoring/metrics.ts';
import { alertNames } from '../protocol/operations.ts';
import type { Actors } from './actors.ts';
import { AlertBoard, alertPeriodMs } from './alert-board.ts';
import type { Directory } from './directory.ts';
import { Load, readMemory } from './load.ts';
import { countDisconnected, GatewayOperations } from './operations.ts';
import type { Overview } from './overview.ts';
import { ThreadFiles } from './thread-files.ts';

export interface OperationsParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly directory: Directory;
  readonly actors: Actors;
  readonly overview: Overview;
  readonly registry: MetricRegistry;
  readonly media: {
    qrCache(): { readonly hits: number; readonly misses: number; readonly size: number };
    clearQrCache(): number;
  };
}

export interface RunningOperations {
  readonly operations: GatewayOperations;
  readonly alerts: AlertBoard;
  readonly backups: BackupSchedule;
  /** Starts what runs on timers; the caller cancels them. */
  start(): Timer[];
}

export function openOperations(parts: OperationsParts): RunningOperations {
  const { config, clock, log, version, directory, actors, overview, media } = parts;
  const backups = new BackupSchedule({ config, clock, log, version });
  const operations: GatewayOperations = new GatewayOperations({
    ...{ directory, actors, clock, version, load: new Load(clock) },
    memoryPercentMax: config.alerts.memoryPercent,
    files: new ThreadFiles({ dataDir: config.dataDir, actors, clock }),
    qrCache: { stats: () => media.qrCache(), clear: () => media.clearQrCache() },
    threads: () => overview.threads(),
    firing: () => alerts.firing,
    backupError: () => backups.state.error,
  });
  const facts = () => operations.alertFacts();
  const alerts: AlertBoard = new AlertBoard({ settings: config.alerts, clock, log, facts });
  registerOperationMetrics(parts, alerts, backups);
  const failed = (what: string) => (error: unknown) => log.error({ error: errorFields(error) }, what);
  const check = (): void => detach(backups.check(), failed('backups were not checked'));
  return {
    ...{ operations, alerts, backups },
    start() {
      check();
      return [
        clock.every(alertPeriodMs, () => detach(alerts.check(), failed('alerts were not evaluated'))),
        clock.every(backupCheckPeriodMs, check),
      ];
    },
  };
}

function registerOperationMetrics(parts: OperationsParts, alerts: AlertBoard, backups: BackupSchedule): void {
  const { registry, directory, media } = parts;
  const { measured, measuredEach, measuredTotal } = registry;
  measured('elenco_memory_anonymous_bytes', 'Memory without mapped files', () => readMemory().anonymousBytes);
  measured('elenco_memory_allotted_bytes', 'Memory that may be used', () => readMemory().allottedBytes);
  measured('elenco_cores', 'CPU cores that may be used', availableParallelism);
  measured('elenco_instances_disconnected', 'Instances that should be open and are not', () =>
    countDisconnected(directory.all()),
  );
  measuredEach('elenco_alerts_firing', '1 while the alert fires', 'alert', () => {
    const firing = alerts.firing.map(({ name }) => name);
    return alertNames.map((name) => [name, firing.includes(name) ? 1 : 0]);
  });
  measured(
    'elenco_backup_last_timestamp_seconds',
    'When the newest scheduled backup was made; 0: never',
    () => Math.floor((backups.state.lastAt ?? 0) / 1_000),
  );
  measured('elenco_backup_failed', '1 while scheduled backups fail', () =>
    backups.state.error === null ? 0 : 1,
  );
  measured('elenco_qr_cache_entries', 'Rendered QR codes in the cache', () => media.qrCache().size);
  measuredTotal('elenco_qr_cache_hits_total', 'Answers from the QR cache', () => media.qrCache().hits);
  measuredTotal('elenco_qr_cache_misses_total', 'QR codes rendered', () => media.qrCache().misses);
}
