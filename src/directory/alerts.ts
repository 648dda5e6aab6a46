/**
 * The alerts as a pure policy: which there are, and how each goes from quiet to firing and back. It fires when
 * its value has been above the threshold for `forMs`, and clears when it has been at or below nine tenths of it
 * for a minute, so that a value on the edge does not flap. No clock, no I/O; the alert board drives it.
 */
import type { Config } from '../config.ts';
import type { AlertName, AlertView } from '../protocol/operations.ts';

/** What the rules judge. null: not known now, which changes nothing. */
export interface AlertFacts {
  readonly memoryPercent: number | null;
  /** Which memory is the fullest, for people. */
  readonly memoryOf: string;
  readonly cpuPercent: number | null;
  readonly responseP95Ms: number | null;
  readonly disconnected: number | null;
  readonly webhookPending: number | null;
  readonly backupError: string | null;
}

export interface AlertRule {
  readonly name: AlertName;
  readonly severity: AlertView['severity'];
  readonly threshold: number;
  readonly unit: string;
  readonly forMs: number;
  value(facts: AlertFacts): number | null;
  message(facts: AlertFacts): string;
}

export interface AlertState {
  /** When the value first was where it must stay for the next step; null while it is not there. */
  readonly turningSince: number | null;
  /** null: quiet. */
  readonly firingSince: number | null;
  readonly value: number;
}

export const quiet: AlertState = { turningSince: null, firingSince: null, value: 0 };

const steadyMs = 60_000;
export const clearForMs = 60_000;
const clearShare = 0.9;

const shown = (value: number | null): string => (value === null ? 'unknown' : String(Math.round(value)));

export function alertRules(settings: Config['alerts']): readonly AlertRule[] {
  const { memoryPercent, cpuPercent, cpuForMs, responseMs, disconnectedMax, webhookPendingMax } = settings;
  return [
    {
      ...{ name: 'memory_high', severity: 'warning', threshold: memoryPercent, unit: '%', forMs: steadyMs },
      value: (facts) => facts.memoryPercent,
      message: ({ memoryPercent: now, memoryOf }) => `${shown(now)} % of the memory of ${memoryOf} is in use`,
    },
    {
      ...{ name: 'cpu_high', severity: 'critical', threshold: cpuPercent, unit: '%', forMs: cpuForMs },
      value: (facts) => facts.cpuPercent,
      message: ({ cpuPercent: now }) => `${shown(now)} % of the CPU is in use`,
    },
    {
      ...{ name: 'response_slow', severity: 'warning', threshold: responseMs, unit: 'ms', forMs: 0 },
      value: (facts) => facts.responseP95Ms,
      message: ({ responseP95Ms: now }) =>
        `5 % of the requests of the last minute took ${shown(now)} ms or more`,
    },
    {
      name: 'instances_disconnected',
      ...{ severity: 'critical', threshold: disconnectedMax, unit: 'instances', forMs: steadyMs },
      value: (facts) => facts.disconnected,
      message: ({ disconnected: now }) => `${shown(now)} instances are disconnected`,
    },
    {
      name: 'webhook_queue_long',
      ...{ severity: 'warning', threshold: webhookPendingMax, unit: 'events', forMs: 0 },
      value: (facts) => facts.webhookPending,
      message: ({ webhookPending: now }) => `${shown(now)} events wait to be delivered`,
    },
    {
      ...{ name: 'backup_failed', severity: 'critical', threshold: 0, unit: 'failures', forMs: 0 },
      value: (facts) => (facts.backupError === null ? 0 : 1),
      message: ({ backupError }) => `the scheduled backup failed: ${backupError ?? 'it works again'}`,
    },
  ];
}

/** The state after a look at `now`. */
export function judge(rule: AlertRule, before: AlertState, value: number | null, now: number): AlertState {
  if (value === null) return before;
  const isFiring = before.firingSince !== null;
  const isTurning = isFiring ? value <= rule.threshold * clearShare : value > rule.threshold;
  if (!isTurning) return { ...before, turningSince: null, value };
  const turningSince = before.turningSince ?? now;
  const stayMs = isFiring ? clearForMs : rule.forMs;
  if (now - turningSince < stayMs) return { ...before, turningSince, value };
  return { turningSince: null, firingSince: isFiring ? null : now, value };
}
