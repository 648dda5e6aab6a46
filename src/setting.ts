/** The shapes of settings: what each takes, its default, and how its text is read. Used by `config.ts`. */
import ipaddr from 'ipaddr.js';

export interface Setting<T> {
  readonly takes: string;
  readonly fallback: string;
  readonly about: string;
  /** The value, or undefined when the text is not one. */
  parse(text: string): T | undefined;
}

export const int = (min: number, max: number, fallback: number, about: string): Setting<number> => ({
  takes: `a whole number from ${min} to ${max}`,
  fallback: String(fallback),
  about,
  parse: (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  },
});

export const text = (pattern: RegExp, takes: string, fallback: string, about: string): Setting<string> => ({
  takes,
  fallback,
  about,
  parse: (value) => (pattern.test(value) ? value : undefined),
});

export const oneOf = <const T extends string>(
  values: readonly T[],
  fallback: T,
  about: string,
): Setting<T> => ({
  takes: `one of ${values.join(', ')}`,
  fallback,
  about,
  parse: (value) => values.find((known) => known === value),
});

export const optional = <T>(setting: Setting<T>): Setting<T | null> => ({
  ...setting,
  fallback: '',
  takes: `${setting.takes}, or empty`,
  parse: (value) => (value === '' ? null : setting.parse(value)),
});

export const boolean = (fallback: boolean, about: string): Setting<boolean> => ({
  takes: 'true or false',
  fallback: String(fallback),
  about,
  parse: (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
});

export interface RateLimit {
  readonly points: number;
  readonly periodMs: number;
}

const periods = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

function parseRateLimit(value: string): RateLimit | null | undefined {
  if (value === 'off') return null;
  const match = /^(\d{1,9})\/(\d{1,4})(s|m|h)$/.exec(value);
  if (!match) return undefined;
  const points = Number(match[1]);
  const periodMs = Number(match[2]) * periods[match[3] as keyof typeof periods];
  return points > 0 && periodMs > 0 ? { points, periodMs } : undefined;
}

export const rateLimit = (fallback: string, about: string): Setting<RateLimit | null> => ({
  takes: 'N/<int>(s|m|h), for example 500/1m, or off',
  fallback,
  about,
  parse: parseRateLimit,
});

export const cidrs: Setting<readonly string[]> = {
  takes: 'comma-separated CIDRs, for example 10.0.0.0/8,127.0.0.1/32',
  fallback: '',
  about: 'Peers whose X-Forwarded-For is believed.',
  parse: (value) => {
    const list = value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
    return list.every((part) => ipaddr.isValidCIDR(part)) ? list : undefined;
  },
};
