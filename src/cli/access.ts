/**
 * How the commands for people reach the gateway: flags, else the environment, else this machine. Used by
 * instances, qr, send and logs; the other commands work on the store and never come here.
 */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { createElenco, type Elenco } from '../client/elenco.ts';
import { loadAccess } from '../config.ts';
import { Refusal } from './refusal.ts';

const shared = {
  url: { type: 'string' },
  key: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const satisfies ParseArgsOptionsConfig;

export interface Asked {
  readonly elenco: Elenco;
  readonly isJson: boolean;
  readonly words: readonly string[];
  /** A further option of the command; undefined where it was not given. */
  option(name: string): string | undefined;
}

/** `shape` is what to say; `fewest` and `most` count the words after the command. */
export function readAsked(
  argv: readonly string[],
  {
    shape,
    words,
    options = [],
  }: { shape: string; words: [fewest: number, most: number]; options?: string[] },
): Asked {
  const own = Object.fromEntries(options.map((name) => [name, { type: 'string' } as const]));
  const parsed = parseArgs({ args: [...argv], allowPositionals: true, options: { ...shared, ...own } });
  const given = parsed.values as Readonly<Record<string, string | boolean | undefined>>;
  const { length } = parsed.positionals;
  if (length < words[0] || length > words[1]) throw new Refusal(`say: elenco ${shape}`);
  const option = (name: string): string | undefined => given[name]?.toString();
  const access = loadAccess();
  const [url, key] = [option('url') ?? access.url, option('key') ?? access.key];
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new Refusal(`--url or ELENCO_URL: got ${JSON.stringify(url)}, takes an http:// or https:// URL`);
  if (key === null) throw new Refusal('no key: give --key, or set ELENCO_KEY or API_KEY');
  return {
    elenco: createElenco({ url, key }),
    isJson: given['json'] === true,
    words: parsed.positionals,
    option,
  };
}
