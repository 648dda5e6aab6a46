/**
 * Who calls, and whether they may (API.md Common, DECISIONS 22). Key lookup and comparison in constant time
 * are the directory's (`Commands.authenticate`). Never says to a token whether another instance exists.
 */
import { AppError } from '../errors.ts';
import { equalInConstantTime, tokenHash } from '../ids.ts';
import type { Commands, Credential } from '../protocol/commands.ts';
import { apiKeyMaxChars } from './limits.ts';

/** `metrics` may only read /metrics; `anyone` came without a valid key to a route that needs none. */
export type Caller = Credential | { readonly kind: 'metrics' } | { readonly kind: 'anyone' };

/** Who a route is for: no key; a key of any kind; the admin key; the admin key or METRICS_TOKEN. */
export type Access = 'open' | 'key' | 'admin' | 'metrics';

export type HeaderReader = (name: string) => string | undefined;

/** The key as presented: `Authorization: Bearer`, `X-API-Key` or `apikey`, the first that is there. */
export function presentedKey(header: HeaderReader): string | undefined {
  const authorization = header('authorization');
  const bearer = authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  const key = bearer ?? header('x-api-key') ?? header('apikey');
  return key === undefined || key === '' || key.length > apiKeyMaxChars ? undefined : key;
}

function isMetricsToken(key: string, metricsToken: string | null): boolean {
  return metricsToken !== null && equalInConstantTime(tokenHash(key), tokenHash(metricsToken));
}

/** The caller behind a key, or undefined for a missing or wrong one. */
export function identify(
  key: string | undefined,
  commands: Pick<Commands, 'authenticate'>,
  metricsToken: string | null,
): Caller | undefined {
  if (key === undefined) return undefined;
  return commands.authenticate(key) ?? (isMetricsToken(key, metricsToken) ? { kind: 'metrics' } : undefined);
}

/** Rejects a caller that may not use the route, or not for this instance. Tells a token nothing else. */
export function permit(caller: Caller, access: Access, instance: string | undefined): void {
  if (access === 'open' || caller.kind === 'admin') return;
  if (caller.kind === 'metrics' && access === 'metrics') return;
  if (caller.kind === 'instance' && access === 'key' && (instance ?? caller.instance) === caller.instance)
    return;
  const allowed = access === 'key' && instance !== undefined ? `the instance "${instance}"` : 'this route';
  throw new AppError('forbidden', `this key may not use ${allowed}`);
}

/** A name for the credential that is no secret: the scope of idempotency keys and rate limits. */
export const callerName = (caller: Caller): string =>
  caller.kind === 'instance' ? `instance:${caller.instance}` : caller.kind;
