/**
 * Reads numbers out of what the threads report of themselves (prom-client's JSON): sums over threads and labels,
 * and percentiles of a histogram between two looks. Called by the operations and the alerts.
 */
import type { ThreadMetrics } from '../protocol/metrics.ts';

type Labels = Readonly<Record<string, string | number>>;

interface Sample {
  readonly value: number;
  readonly labels: Labels;
  readonly metricName?: string;
}

interface Metric {
  readonly name: string;
  readonly values: readonly Sample[];
}

function samplesOf(threads: readonly ThreadMetrics[], name: string): Sample[] {
  const all = threads.flatMap(({ prometheus }) => prometheus as readonly Metric[]);
  return all.filter((metric) => metric.name === name).flatMap(({ values }) => values);
}

/** The sum of a counter or gauge over all threads and, with `labels`, over the values that carry them. */
export function total(threads: readonly ThreadMetrics[], name: string, labels: Labels = {}): number {
  const wanted = Object.entries(labels);
  return samplesOf(threads, name)
    .filter((sample) => wanted.every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

/** Whether a thread that has this metric reported at all. */
export const isReported = (threads: readonly ThreadMetrics[], name: string): boolean =>
  threads.some(({ prometheus }) => (prometheus as readonly Metric[]).some((metric) => metric.name === name));

/** Counts of a histogram by upper bound, over all labels but those of `without`. */
export type Buckets = ReadonlyMap<number, number>;

export type IsCounted = (labels: Labels) => boolean;

export function bucketsOf(threads: readonly ThreadMetrics[], name: string, isCounted: IsCounted): Buckets {
  const buckets = new Map<number, number>();
  for (const { metricName, labels, value } of samplesOf(threads, name)) {
    if (metricName !== `${name}_bucket` || !isCounted(labels)) continue;
    const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  return buckets;
}

export interface Spread {
  readonly count: number;
  /** In the unit of the histogram; null without anything counted. Beyond the last bound: that bound. */
  readonly percentile: number | null;
}

/** What was counted between two looks, and the percentile of it, straight between the bounds of its bucket. */
export function spreadBetween(before: Buckets, after: Buckets, share: number): Spread {
  const bounds = [...after.keys()].toSorted((a, b) => a - b);
  const counted = bounds.map((bound) => (after.get(bound) ?? 0) - (before.get(bound) ?? 0));
  const count = counted.at(-1) ?? 0;
  if (count <= 0) return { count: 0, percentile: null };
  const rank = count * share;
  const at = counted.findIndex((upTo) => upTo >= rank);
  const lower = bounds[at - 1] ?? 0;
  const upper = bounds[at] ?? 0;
  if (upper === Number.POSITIVE_INFINITY) return { count, percentile: lower };
  const below = counted[at - 1] ?? 0;
  const within = (counted[at] ?? 0) - below;
  return { count, percentile: lower + ((upper - lower) * (rank - below)) / Math.max(1, within) };
}
