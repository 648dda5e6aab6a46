/**
 * Metrics of one thread: the one importer of prom-client. Rooms make counters, gauges and histograms here by
 * name; the main thread collects every thread's JSON and renders one Prometheus page. Each thread has its own
 * registry; a gateway makes one, so that two gateways in one process (tests) do not share.
 */
import prom from 'prom-client';

export type Labels<L extends string> = Readonly<Record<L, string | number>>;

/** Only grows. */
export interface CounterMetric<L extends string> {
  add(labels: Labels<L>, amount?: number): void;
}

export interface GaugeMetric<L extends string> {
  set(labels: Labels<L>, value: number): void;
}

export interface HistogramMetric<L extends string> {
  observe(labels: Labels<L>, value: number): void;
}

export interface MetricRegistry {
  /** Names end in `_total`. */
  counter<const L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
  ): CounterMetric<L>;
  gauge<const L extends string = never>(name: string, help: string, labels?: readonly L[]): GaugeMetric<L>;
  /** A gauge whose value is read when metrics are collected. */
  measured(name: string, help: string, read: () => number): void;
  /** The same, one value for each of a fixed set of labels. */
  measuredEach<const L extends string>(
    name: string,
    help: string,
    label: L,
    read: () => readonly (readonly [labelled: string, value: number])[],
  ): void;
  /** A counter whose value is read when metrics are collected. */
  measuredTotal(name: string, help: string, read: () => number): void;
  /** The same, one value for each of a fixed set of labels. */
  measuredTotalEach<const L extends string>(
    name: string,
    help: string,
    label: L,
    read: () => readonly (readonly [labelled: string, value: number])[],
  ): void;
  /** `buckets` are upper bounds in the unit that the name ends with. */
  histogram<const L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly L[],
  ): HistogramMetric<L>;
  /** prom-client's own JSON, as `ThreadMetrics.prometheus` carries it across threads. */
  json(): Promise<readonly unknown[]>;
}

interface Definition {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly registers: prom.Registry[];
}

function measuredTotal(definition: Definition, read: () => number): void {
  const counter = new prom.Counter({
    ...definition,
    collect() {
      this.reset();
      this.inc(read());
    },
  });
  counter.reset();
}

function measured(definition: Definition, read: () => number): void {
  const gauge = new prom.Gauge({
    ...definition,
    collect() {
      this.set(read());
    },
  });
  gauge.set(0);
}

function measuredEach(
  definition: Definition,
  label: string,
  read: () => readonly (readonly [labelled: string, value: number])[],
): void {
  new prom.Gauge({
    ...definition,
    collect() {
      for (const [labelled, value] of read()) this.set({ [label]: labelled }, value);
    },
  });
}

function measuredTotalEach(
  definition: Definition,
  label: string,
  read: () => readonly (readonly [labelled: string, value: number])[],
): void {
  new prom.Counter({
    ...definition,
    collect() {
      this.reset();
      for (const [labelled, value] of read()) this.inc({ [label]: labelled }, value);
    },
  });
}

export function createMetricRegistry(): MetricRegistry {
  const registry = new prom.Registry();
  const define = (name: string, help: string, labelNames: readonly string[] = []): Definition => ({
    name,
    help,
    labelNames,
    registers: [registry],
  });
  return {
    counter(name, help, labels) {
      const counter = new prom.Counter(define(name, help, labels));
      return { add: (values, amount = 1) => counter.inc(values, amount) };
    },
    gauge(name, help, labels) {
      const gauge = new prom.Gauge(define(name, help, labels));
      return { set: (values, value) => gauge.set(values, value) };
    },
    histogram(name, help, buckets, labels) {
      const histogram = new prom.Histogram({ ...define(name, help, labels), buckets: [...buckets] });
      return { observe: (values, value) => histogram.observe(values, value) };
    },
    measured: (name, help, read) => measured(define(name, help), read),
    measuredEach: (name, help, label, read) => measuredEach(define(name, help, [label]), label, read),
    measuredTotal: (name, help, read) => measuredTotal(define(name, help), read),
    measuredTotalEach: (name, help, label, read) =>
      measuredTotalEach(define(name, help, [label]), label, read),
    json: () => registry.getMetricsAsJSON(),
  };
}

interface JsonMetric {
  readonly name: string;
  readonly values: readonly { readonly labels: Readonly<Record<string, string | number>> }[];
}

const isJsonMetric = (value: unknown): value is JsonMetric =>
  typeof value === 'object' && value !== null && 'name' in value && 'values' in value;

const labelled = (metric: JsonMetric, labels: Readonly<Record<string, string>>): object => ({
  ...metric,
  values: metric.values.map((value) => ({ ...value, labels: { ...value.labels, ...labels } })),
});

/** One thread's JSON with labels added to every value. */
export interface LabelledMetrics {
  readonly labels: Readonly<Record<string, string>>;
  readonly metrics: readonly unknown[];
}

/** Prometheus text (version 0.0.4) of several registries; values with equal labels are added up. */
export function renderPrometheus(sources: readonly LabelledMetrics[]): Promise<string> {
  const all = sources.map(({ labels, metrics }) =>
    metrics.filter(isJsonMetric).map((metric) => labelled(metric, labels)),
  );
  return prom.AggregatorRegistry.aggregate(all).metrics();
}
