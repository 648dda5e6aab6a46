/** The shapes of settings: what each takes, its default, and how its text is read. Used by `config.ts` only. */
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
