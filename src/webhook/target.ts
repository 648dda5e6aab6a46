/**
 * A webhook's configuration made ready for posting, once per change: origin, path, fixed headers, decoded
 * secrets. The signature is that of Standard Webhooks. No secret may leave this file but as an HMAC.
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { WebhookConfig } from '../protocol/instance.ts';

const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
const userAgent = `elenco/${(JSON.parse(manifest) as { version: string }).version}`;

/** Headers that users cannot set: ours, and those that belong to the connection. */
const reservedHeaders = new Set([
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'user-agent',
  'content-type',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'expect',
  'host',
  'te',
  'trailer',
]);

export interface Target {
  readonly origin: string;
  readonly path: string;
  /** Names and values in turn, as undici takes them. */
  readonly headers: readonly string[];
  readonly key: KeyObject;
  readonly previousKey: KeyObject | null;
  readonly previousKeyUntilMs: number;
}

/** `whsec_` + base64; the HMAC key is the decoded bytes (DECISIONS 25). */
const keyOf = (secret: string): KeyObject =>
  createSecretKey(Buffer.from(secret.replace(/^whsec_/, ''), 'base64'));

function fixedHeaders(config: WebhookConfig, url: URL): string[] {
  const headers = ['content-type', 'application/json', 'user-agent', userAgent];
  const names = new Set(Object.keys(config.headers).map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(config.headers))
    if (!reservedHeaders.has(name.toLowerCase())) headers.push(name, value);
  if (url.username !== '' && !names.has('authorization')) {
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.push('authorization', `Basic ${Buffer.from(user).toString('base64')}`);
  }
  return headers;
}

/** Null when the URL cannot be posted to at all. */
export function targetOf(config: WebhookConfig): Target | null {
  const url = URL.parse(config.url);
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    headers: fixedHeaders(config, url),
    key: keyOf(config.secret),
    previousKey: config.previousSecret === null ? null : keyOf(config.previousSecret),
    previousKeyUntilMs: config.previousSecretUntil ?? 0,
  };
}

function signed(key: KeyObject, head: string, body: Uint8Array): string {
  return `v1,${createHmac('sha256', key).update(head).update(body).digest('base64')}`;
}

/** All headers of one POST: the fixed ones, the id, the time and one signature a valid secret. */
export function headersFor(target: Target, id: string, body: Uint8Array, nowMs: number): string[] {
  const seconds = Math.floor(nowMs / 1_000);
  const head = `${id}.${seconds}.`;
  let signature = signed(target.key, head, body);
  if (target.previousKey && nowMs < target.previousKeyUntilMs)
    signature += ` ${signed(target.previousKey, head, body)}`;
  const own = ['webhook-id', id, 'webhook-timestamp', String(seconds), 'webhook-signature', signature];
  return [...target.headers, ...own];
}
