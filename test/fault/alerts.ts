/**
 * `npm run faults -- alerts [--alert NAME]`: every alert of the requirements on a real gateway with its default
 * threshold and a real clock. Each is provoked by real work, must be seen at every place where an operator
 * looks, and must clear by itself once its cause is gone. Takes about twenty minutes.
 */
import { printTable } from '../../bench/lib/report.ts';
import type { AlertName } from '../../src/protocol/operations.ts';
import { type Delivered, WebhookReceiver } from '../e2e/support/webhook-receiver.ts';
import { type Cause, causes } from './alert-causes.ts';
import { Ground } from './ground.ts';

/** Where an operator may learn of an alert. */
const places = ['route', 'log', 'webhook', 'metric'] as const;
type Place = (typeof places)[number];

interface Alert {
  readonly name: AlertName;
  readonly value: number;
  readonly threshold: number;
  readonly unit: string;
  readonly message: string;
}

interface Outcome {
  readonly cause: Cause;
  readonly fired: { readonly alert: Alert; readonly afterS: number; readonly seenIn: readonly Place[] };
  readonly cleared: { readonly afterS: number; readonly seenIn: readonly Place[] };
  /** Others that fired meanwhile. */
  readonly beside: readonly string[];
}

const pollMs = 1_000;
/** A log line, a metric or a post may come a moment after the route. */
const settleMs = 5_000;
const defaults: Readonly<Record<string, string>> = {
  ...{ LOG_LEVEL: '', SHARDS: '', RECONNECT_DELAY_MS_MIN: '', RECONNECT_DELAY_MS_MAX: '' },
  ...{ RATE_LIMIT_MESSAGES: '', RATE_LIMIT_INSTANCES: '', RATE_LIMIT_QUERIES: '', RATE_LIMIT_GLOBAL: '' },
};
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const secondsSince = (at: number): number => Math.round((performance.now() - at) / 1_000);
const log = (text: string): void => console.log(`  ${text}`);

const isNews = (delivered: Delivered, word: string, name: AlertName): boolean => {
  const { type, alert } = delivered.event as unknown as { type: string; alert: { name: string } };
  return type === `alert.${word}` && alert.name === name;
};

/** One gateway, watched for one alert. */
class Watch {
  readonly beside = new Set<string>();
  readonly #ground: Ground;
  readonly #news: WebhookReceiver;
  readonly #name: AlertName;

  constructor(ground: Ground, news: WebhookReceiver, name: AlertName) {
    this.#ground = ground;
    this.#news = news;
    this.#name = name;
  }

  async firing(): Promise<Alert | undefined> {
    const { items } = (await this.#ground.call('GET', '/monitoring/alerts')) as { items: Alert[] };
    for (const { name } of items) if (name !== this.#name) this.beside.add(name);
    return items.find(({ name }) => name === this.#name);
  }

  /** Polls until the alert fires, or no longer does; fails beyond the limit. */
  async until(isFiring: boolean, limitMs: number): Promise<Alert | undefined> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const alert = await this.firing().catch(() => null);
      if (alert !== null && (alert !== undefined) === isFiring) return alert;
      if (performance.now() > deadline)
        throw new Error(`${this.#name} did not ${isFiring ? 'fire' : 'clear'} within ${limitMs} ms`);
      await wait(pollMs);
    }
  }

  async seenIn(isFiring: boolean): Promise<Place[]> {
    const deadline = performance.now() + settleMs;
    for (;;) {
      const seen = await this.#places(isFiring);
      if (seen.length === places.length || performance.now() > deadline) return seen;
      await wait(pollMs / 4);
    }
  }

  async #places(isFiring: boolean): Promise<Place[]> {
    const word = isFiring ? 'firing' : 'cleared';
    const line = isFiring ? /"level":40.*"msg":"alert: / : /"msg":"alert cleared: /;
    const lines = this.#ground.gateway.stdout.split('\n');
    const value = isFiring ? 1 : 0;
    const metrics = await this.#ground.text('/metrics');
    const seen: Record<Place, boolean> = {
      route: ((await this.firing()) !== undefined) === isFiring,
      log: lines.some((one) => one.includes(`"alert":"${this.#name}"`) && line.test(one)),
      webhook: this.#news.deliveries.some((one) => isNews(one, word, this.#name)),
      metric: metrics.includes(`elenco_alerts_firing{alert="${this.#name}",thread="main"} ${value}\n`),
    };
    return places.filter((place) => seen[place]);
  }
}

async function provoke(cause: Cause, ground: Ground, news: WebhookReceiver): Promise<Outcome> {
  const members = await ground.openInstances(cause.instances, cause.hasWebhook ? undefined : () => null);
  const watch = new Watch(ground, news, cause.name);
  const trouble = await cause.prepare({
    ground,
    members,
    log,
    isFiring: async () => !!(await watch.firing()),
  });
  if (await watch.firing()) throw new Error(`${cause.name} fires before its cause`);
  const begunAt = performance.now();
  await trouble.begin();
  const alert = (await watch.until(true, cause.fireLimitMs)) as Alert;
  const fired = { alert, afterS: secondsSince(begunAt), seenIn: await watch.seenIn(true) };
  log(`fired after ${fired.afterS} s: ${alert.message}; seen in ${fired.seenIn.join(', ')}`);
  const endedAt = performance.now();
  await trouble.end();
  await watch.until(false, cause.clearLimitMs);
  const cleared = { afterS: secondsSince(endedAt), seenIn: await watch.seenIn(false) };
  log(`cleared after ${cleared.afterS} s; seen in ${cleared.seenIn.join(', ')}`);
  await trouble.over?.();
  return { cause, fired, cleared, beside: [...watch.beside] };
}

async function playOne(cause: Cause): Promise<Outcome | null> {
  console.log(`alert ${cause.name}: ${cause.about}`);
  const news = await WebhookReceiver.start();
  const env = { ...defaults, ...cause.env, ALERT_WEBHOOK: news.url };
  const ground = await Ground.prepare(env, { through: cause.through ?? [], flags: cause.flags ?? [] });
  try {
    await ground.start();
    return await provoke(cause, ground, news);
  } catch (error) {
    log(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
    const said = ground.complaints();
    if (said.length > 0) log(`the gateway logged ${said.length} errors, the last: ${said.at(-1)}`);
    return null;
  } finally {
    await ground.end();
    await news.stop();
  }
}

const shown = (value: number, unit: string): string => `${Math.round(value)} ${unit}`;

function row({ cause, fired, cleared, beside }: Outcome): string[] {
  const { alert, afterS, seenIn } = fired;
  return [
    ...[cause.name, shown(alert.threshold, alert.unit), shown(alert.value, alert.unit)],
    ...[`${afterS} s`, seenIn.join(' '), `${cleared.afterS} s`, cleared.seenIn.join(' ')],
    beside.join(' ') || '-',
  ];
}

const isWhole = (outcome: Outcome): boolean =>
  [outcome.fired, outcome.cleared].every(({ seenIn }) => seenIn.length === places.length);

/** True when all fired and cleared and were seen everywhere. `only` names one. */
export async function playAlerts(only: string | undefined): Promise<boolean> {
  const chosen = causes.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0) throw new Error(`there is no alert ${only}`);
  const outcomes: Outcome[] = [];
  for (const cause of chosen) {
    const outcome = await playOne(cause);
    if (outcome) outcomes.push(outcome);
  }
  const head = [
    'alert',
    'threshold',
    'value',
    'fired after',
    'seen in',
    'cleared after',
    'seen in',
    'beside',
  ];
  console.log();
  printTable(head, outcomes.map(row));
  const isPassed = outcomes.length === chosen.length && outcomes.every(isWhole);
  console.log(
    `${isPassed ? 'PASS' : 'FAIL'} alerts: ${outcomes.length} of ${chosen.length} fired and cleared`,
  );
  return isPassed;
}
