/** A strict reader of the Prometheus text format 0.0.4: throws on any line that the format does not allow. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PrometheusPage {
  readonly samples: readonly Sample[];
  readonly types: ReadonlyMap<string, string>;
  /** The value of the one sample with exactly these labels, or undefined. */
  value(name: string, labels: Readonly<Record<string, string>>): number | undefined;
}

const samplePattern = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy;

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let end = 0;
  for (const match of text.matchAll(labelPattern)) {
    labels[match[1] ?? ''] = match[2] ?? '';
    end = match.index + match[0].length;
  }
  if (end !== text.length) throw new Error(`not a label list: ${text}`);
  return labels;
}

function readValue(text: string): number {
  const value = text === '+Inf' ? Number.POSITIVE_INFINITY : text === 'Nan' ? Number.NaN : Number(text);
  if (Number.isNaN(value) && text !== 'Nan') throw new Error(`not a value: ${text}`);
  return value;
}

function readSample(line: string): Sample {
  const match = samplePattern.exec(line);
  if (!match) throw new Error(`not a sample: ${line}`);
  return { name: match[1] ?? '', labels: readLabels(match[2] ?? ''), value: readValue(match[3] ?? '') };
}

const keyOf = (name: string, labels: Readonly<Record<string, string>>): string =>
  JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);

export function parsePrometheus(text: string): PrometheusPage {
  const types = new Map<string, string>();
  const samples = new Map<string, Sample>();
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (type) {
      if (types.has(type[1] ?? '')) throw new Error(`two TYPE lines for ${type[1]}`);
      types.set(type[1] ?? '', type[2] ?? '');
    } else if (line !== '' && !/^# HELP \S+ /.test(line)) {
      const sample = readSample(line);
      const key = keyOf(sample.name, sample.labels);
      if (samples.has(key)) throw new Error(`two samples of ${key}`);
      samples.set(key, sample);
    }
  }
  return {
    samples: [...samples.values()],
    types,
    value: (name, labels) => samples.get(keyOf(name, labels))?.value,
  };
}
