/**
 * Evaluates the alerts on a timer: gathers the facts, lets the policy judge, logs what fires and clears and
 * posts it to ALERT_WEBHOOK. What fires now is answered from memory. A failing webhook is logged and tried a few
 * times; it never holds the evaluation up.
 */
import { type Clock, iso, pause } from '../clock.ts';
import type { Config } from '../config.ts';
import { detach } from '../detach.ts';
import { errorFields, type Log } from '../log.ts';
import type { AlertView } from '../protocol/operations.ts';
import { type AlertFacts, type AlertRule, type AlertState, alertRules, judge, quiet } from './alerts.ts';

export interface AlertNews {
  readonly type: 'alert.firing' | 'alert.cleared';
  readonly alert: AlertView;
}

export interface AlertBoardOptions {
  readonly settings: Config['alerts'];
  readonly clock: Clock;
  readonly log: Log;
  facts(): Promise<AlertFacts>;
  /** Posts one piece of news; rejects when it did not arrive. */
  post?(url: string, news: AlertNews, at: string): Promise<void>;
}

export const alertPeriodMs = 15_000;
const postAttempts = 4;
const postPauseMs = 2_000;
const postTimeoutMs = 10_000;

/** `text` is what chat programs show. */
async function postNews(url: string, { type, alert }: AlertNews, at: string): Promise<void> {
  const word = type === 'alert.firing' ? 'firing' : 'cleared';
  const text = `Elenco: ${alert.name} ${word}: ${alert.message}`;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type, at, alert: { ...alert, since: iso(alert.since) }, text }),
    signal: AbortSignal.timeout(postTimeoutMs),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`the alert webhook answered ${answer.status}`);
}

export class AlertBoard {
  #options: AlertBoardOptions;
  #rules: readonly AlertRule[];
  #states = new Map<string, AlertState>();
  #firing = new Map<string, AlertView>();

  constructor(options: AlertBoardOptions) {
    this.#options = options;
    this.#rules = alertRules(options.settings);
  }

  /** What fires now, the longest first. */
  get firing(): readonly AlertView[] {
    return [...this.#firing.values()].toSorted((a, b) => a.since - b.since);
  }

  /** One evaluation; called on a timer. */
  async check(): Promise<void> {
    const facts = await this.#options.facts();
    const now = this.#options.clock.now();
    for (const rule of this.#rules) this.#judge(rule, facts, now);
  }

  #judge(rule: AlertRule, facts: AlertFacts, now: number): void {
    const before = this.#states.get(rule.name) ?? quiet;
    const after = judge(rule, before, rule.value(facts), now);
    this.#states.set(rule.name, after);
    const was = this.#firing.get(rule.name);
    if (after.firingSince === null) {
      this.#firing.delete(rule.name);
      if (was) this.#tell({ type: 'alert.cleared', alert: { ...was, value: after.value } }, now);
      return;
    }
    const { name, severity, threshold, unit } = rule;
    const { value, firingSince: since } = after;
    const alert = { name, severity, threshold, unit, value, since, message: rule.message(facts) };
    this.#firing.set(name, alert);
    if (!was) this.#tell({ type: 'alert.firing', alert }, now);
  }

  #tell(news: AlertNews, now: number): void {
    const { log, settings } = this.#options;
    const { name: alert, value, threshold, unit, message } = news.alert;
    const fields = { alert, value, threshold, unit };
    if (news.type === 'alert.firing') log.warn(fields, `alert: ${message}`);
    else log.info(fields, `alert cleared: ${alert}`);
    if (settings.webhook === null) return;
    detach(this.#post(settings.webhook, news, iso(now)), (error) =>
      log.error({ alert, error: errorFields(error) }, 'an alert was not posted'),
    );
  }

  async #post(url: string, news: AlertNews, at: string): Promise<void> {
    const { post = postNews, clock } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await post(url, news, at);
      } catch (error) {
        if (attempt >= postAttempts) throw error;
        await pause(clock, postPauseMs * attempt);
      }
    }
  }
}
