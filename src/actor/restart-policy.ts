/**
 * When a dead actor is started again: a pure function of its history, without clock or timer.
 * Backoff doubles while it keeps dying, restart intensity bounds the restarts per period, then it escalates.
 * Used by `Supervisor` for every child on its own (one for one).
 */
import {
  restartDelayMsMax,
  restartDelayMsMin,
  restartPeriodMs,
  restartsMax,
  stableAfterMs,
  unreadyDelayMsMin,
} from './limits.ts';

export interface RestartLimits {
  /** Restarts allowed within `periodMs`; one more escalates. */
  readonly restartsMax: number;
  readonly periodMs: number;
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  readonly unreadyDelayMsMin: number;
  readonly stableAfterMs: number;
}

export const restartLimits: RestartLimits = {
  restartsMax,
  periodMs: restartPeriodMs,
  delayMsMin: restartDelayMsMin,
  delayMsMax: restartDelayMsMax,
  unreadyDelayMsMin,
  stableAfterMs,
};

export interface RestartHistory {
  /** Times of the restarts granted within the last period, oldest first. */
  readonly restartsAt: readonly number[];
  /** Deaths in a row without a stable run between them. */
  readonly deaths: number;
}

export const noRestarts: RestartHistory = { restartsAt: [], deaths: 0 };

export interface Death {
  readonly at: number;
  readonly wasReady: boolean;
  /** How long it had been ready; 0 when it never was. */
  readonly servedMs: number;
}

export type RestartDecision =
  | { readonly kind: 'restart'; readonly afterMs: number; readonly history: RestartHistory }
  | { readonly kind: 'escalate'; readonly restarts: number; readonly history: RestartHistory };

export function decideRestart(
  history: RestartHistory,
  death: Death,
  limits: RestartLimits = restartLimits,
): RestartDecision {
  const restartsAt = history.restartsAt.filter((at) => at > death.at - limits.periodMs);
  const deaths = death.servedMs >= limits.stableAfterMs ? 1 : history.deaths + 1;
  if (restartsAt.length >= limits.restartsMax) {
    return { kind: 'escalate', restarts: restartsAt.length, history: { restartsAt, deaths } };
  }
  const next = { restartsAt: [...restartsAt, death.at], deaths };
  return { kind: 'restart', afterMs: restartDelayMs(deaths, death.wasReady, limits), history: next };
}

function restartDelayMs(deaths: number, wasReady: boolean, limits: RestartLimits): number {
  const floorMs = wasReady ? limits.delayMsMin : limits.unreadyDelayMsMin;
  return Math.min(limits.delayMsMax, floorMs * 2 ** Math.min(30, deaths - 1));
}
