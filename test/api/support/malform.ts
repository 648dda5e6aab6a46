/** Requests gone wrong: mutations of a valid one and random ones, drawn from a seed. */
import { fill, type Operation } from './operations.ts';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  /** Closes the connection in the middle of the body. */
  readonly isCut: boolean;
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Random = () => number;
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

const hugeChars = 120_000;
const strange: readonly unknown[] = [
  ...[null, true, -1, 0, 1e308, -0.5, 9_007_199_254_740_992, '', ' ', '\u0000', '\ud800', '🙂'.repeat(500)],
  ...[[], {}, [[]], { $ne: null }, ['a', 1, null], 'x'.repeat(hugeChars), '../../etc/passwd', '%00', 'NaN'],
  ...['1970-01-01T00:00:00Z', '9999-99-99', 'javascript:1', 'http://[::1', '\r\nx: y', 'A'.repeat(1_025)],
  ...['5511988887777@s.whatsapp.net', 'x@g.us', '@', '@lid', '+', 'status@broadcast', '0@newsletter'],
];
const names = ['__proto__', 'constructor', 'toString', '', 'a.b', '$where', 'surplus', '0', 'length'];
/** An array has a length, and takes no strange one. */
const arrayNames = names.slice(0, -1);

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

/** A copy with one member anywhere in it replaced, removed or added. */
function mutate(value: unknown, random: Random): unknown {
  if (!isTree(value) || Object.keys(value).length === 0 || random() < 0.1) return pick(random, strange);
  const copy = structuredClone(value);
  const name = pick(random, Object.keys(copy));
  const kind = random();
  if (kind < 0.25) delete copy[name];
  else if (kind < 0.4)
    Object.defineProperty(copy, pick(random, Array.isArray(copy) ? arrayNames : names), {
      ...{ value: pick(random, strange), enumerable: true, configurable: true, writable: true },
    });
  else if (isTree(copy[name]) && kind < 0.8) copy[name] = mutate(copy[name], random);
  else copy[name] = pick(random, strange);
  return copy;
}

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** A body as bytes; most of them JSON that does not fit, some of them no JSON. */
function bodyOf(valid: unknown, random: Random): Buffer {
  const text = JSON.stringify(mutate(valid ?? { surplus: 1 }, random)) ?? 'null';
  const kind = random();
  if (kind < 0.6) return Buffer.from(text);
  if (kind < 0.68) return Buffer.from(text.slice(0, Math.floor(random() * text.length)));
  if (kind < 0.76) return Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xff, 0xc0, 0x80])]);
  if (kind < 0.82) return Buffer.from(nested(pick(random, [50, 5_000, 40_000])));
  if (kind < 0.86) return Buffer.from(`[${'1,'.repeat(100_000)}1]`);
  if (kind < 0.9) return Buffer.from(`{"__proto__":{"isAdmin":true},"a":1e9999,"a":-0}`);
  if (kind < 0.94) return Buffer.alloc(Math.floor(random() * 300_000), 'x');
  const parts = ['--cut', 'Content-Disposition: form-data; name="json"', '', text.slice(0, 200), '--cut'];
  return Buffer.from(
    `${parts.join('\r\n')}\r\nContent-Disposition: form-data; name="file"; filename="../a\0"`,
  );
}

const types = [
  ...['application/json', 'application/json; charset=utf-16', 'application/problem+json', 'text/plain', ''],
  ...['multipart/form-data; boundary=cut', 'multipart/form-data', 'application/x-www-form-urlencoded'],
  ...['application/octet-stream', 'application/json/json', ';;;'],
];

const segments = [
  ...[
    '..',
    '%2e%2e',
    '..%2f..%2fetc%2fpasswd',
    '%00',
    '%ff%fe',
    '%',
    '%zz',
    '%25',
    '*',
    '{id}',
    '.',
    ';',
    ' ',
  ],
  ...['a%20b', '%F0%9F%99%82', 'x'.repeat(3_000), '-1', 'null', '%2F', '__proto__', "'--", '<b>', '%0d%0a'],
];

function queryOf(operation: Operation, random: Random): string {
  const known = operation.query.length > 0 && random() < 0.8 ? pick(random, operation.query) : 'surplus';
  const value = encodeURIComponent(String(pick(random, strange)).slice(0, 4_000).toWellFormed());
  return pick(random, [
    `?${known}=${value}`,
    `?${known}=${value}&${known}=1`,
    `?${known}[]=1`,
    `?${known}`,
    '?%',
    '?&&==',
    `?${known}=%ff%zz`,
    `?${'a=1&'.repeat(500)}`,
  ]);
}

const methods = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'PROPFIND',
  'SEARCH',
  'M-SEARCH',
];

const oddHeaders: readonly Readonly<Record<string, string>>[] = [
  { 'idempotency-key': 'k'.repeat(300) },
  { 'idempotency-key': '\u00ff\u0080' },
  { 'idempotency-key': 'one' },
  { 'last-event-id': '-1e9' },
  { accept: ',;q=x,*/*;q=9,\t' },
  { 'x-forwarded-for': ','.repeat(2_000) },
  { authorization: 'Bearer' },
  { authorization: `Basic ${'x'.repeat(500)}` },
  { 'x-api-key': '\u00e9' },
  { range: 'bytes=5-1' },
  { expect: '100-continue' },
  { upgrade: 'websocket', connection: 'Upgrade' },
  { 'content-encoding': 'gzip' },
  { host: 'a b' },
];

/** One malformed request for an operation. `target` names the instance that may be hit. */
export function malform(operation: Operation, target: string, key: string, seed: number): RawRequest {
  const random = randomOf(seed);
  const odd = (): string => pick(random, segments);
  const filled = fill(operation.path, (name) => {
    if (random() < 0.25) return odd();
    return name === 'id'
      ? target
      : encodeURIComponent(String(pick(random, ['5511970001234', 'x@g.us', 'ABC'])));
  });
  const path = random() < 0.05 ? `${filled}/${odd()}` : filled;
  const takesBody = operation.body !== undefined || random() < 0.2;
  const body = takesBody && random() < 0.95 ? bodyOf(operation.body, random) : null;
  return {
    method: random() < 0.08 ? pick(random, methods) : operation.method,
    path: `${path}${random() < 0.35 ? queryOf(operation, random) : ''}`,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body ? { 'content-type': random() < 0.75 ? 'application/json' : pick(random, types) } : {}),
      ...(random() < 0.15 ? pick(random, oddHeaders) : {}),
    },
    body,
    isCut: body !== null && random() < 0.03,
  };
}
