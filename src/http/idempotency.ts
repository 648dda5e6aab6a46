/**
 * Idempotency keys (DECISIONS 20): same caller, method, path and key within 24 h → the first answer again.
 * The record, with the id of the message to send, is stored before the work starts: after a crash the same
 * request runs again under the same message id. Nothing that is shown once is ever stored.
 */
import { hash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AppError, type ErrorCode } from '../errors.ts';
import { idempotencyKeyMaxChars, idempotencyTtlMs } from '../limits.ts';
import type { Log } from '../log.ts';
import type { IdempotencyRecord, Store } from '../store/ports.ts';
import { type Answer, isSuccess } from './answer.ts';
import { newMessageId } from './message-id.ts';
import { invalid } from './problem.ts';

export interface KeyedRequest {
  /** Caller, method and path. */
  readonly scope: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** Does the work under a message id: the stored one on a repeat. */
export type KeyedWork = (messageId: string) => Promise<Answer>;

/** Refusals that the same request can only meet again; every other error may be tried again. */
const finalCodes: readonly ErrorCode[] = [
  'validation_failed',
  'not_on_whatsapp',
  'conversion_failed',
  'body_too_large',
];

/** Members that change how long the caller waits, not what is done. */
const unhashedMembers = ['wait', 'timeoutMs'];

export function checkKey(key: string): string {
  if (/^[\x20-\x7e]+$/.test(key) && key.length <= idempotencyKeyMaxChars) return key;
  const message = `takes 1 to ${idempotencyKeyMaxChars} visible ASCII characters, got ${key.length}`;
  throw invalid([{ path: 'Idempotency-Key', message }]);
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, member]) => [name, canonical(member)]);
}

/**
 * SHA-256 of the query, of the body in one canonical order, without `wait` and `timeoutMs`, and of the hash of the
 * file that came with it.
 */
export function fingerprintOf(
  query: Readonly<Record<string, string>>,
  body: unknown,
  fileSha256?: string,
): string {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const hashed = isObject
    ? Object.fromEntries(Object.entries(body).filter(([name]) => !unhashedMembers.includes(name)))
    : body;
  const text = JSON.stringify([
    ...[canonical(query), canonical(hashed ?? null)],
    ...(fileSha256 === undefined ? [] : [fileSha256]),
  ]);
  return hash('sha256', text);
}

const mismatch = (key: string): AppError =>
  new AppError('idempotency_mismatch', `the idempotency key "${key}" was first used with another body`);

function replay(status: number, body: string | null): Answer {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  const headers = { 'idempotency-replayed': 'true', 'cache-control': 'no-store' };
  if (body === null) return { status, headers, body: null };
  return { status, headers: { ...headers, 'content-type': `${type}; charset=UTF-8` }, body };
}

const storedBody = (answer: Answer): string | null =>
  answer.replayBody ?? (typeof answer.body === 'string' ? answer.body : null);

function isFinal(answer: Answer): boolean {
  return isSuccess(answer) || (answer.code !== undefined && finalCodes.some((code) => code === answer.code));
}

export interface Idempotency {
  /** Runs `work` once for the key, joins it while it runs, or gives its answer again. `work` never rejects. */
  run(request: KeyedRequest, work: KeyedWork): Promise<Answer>;
}

export function createIdempotency(
  store: Pick<Store, 'idempotency' | 'commit'>,
  clock: Clock,
  log: Log,
): Idempotency {
  const running = new Map<string, { fingerprint: string; answer: Promise<Answer> }>();

  const save = (record: IdempotencyRecord): Promise<void> => store.commit([{ to: 'idempotency', record }]);

  async function keep(record: IdempotencyRecord, answer: Answer): Promise<Answer> {
    if (!isFinal(answer)) return answer;
    const kept = { status: answer.status, body: storedBody(answer) };
    // The work is done and must be answered so; without the stored answer a repeat runs under the same id.
    await save({ ...record, answer: kept }).catch((error: unknown) => {
      log.error({ scope: record.scope, error: String(error) }, 'an idempotent answer could not be kept');
    });
    return answer;
  }

  async function start(request: KeyedRequest, work: KeyedWork): Promise<Answer> {
    const found = await store.idempotency.find(request.scope, request.key);
    const known = found && found.at + idempotencyTtlMs > clock.now() ? found : undefined;
    if (known && known.fingerprint !== request.fingerprint) throw mismatch(request.key);
    if (known?.answer) return replay(known.answer.status, known.answer.body);
    const messageId = known?.messageId ?? newMessageId();
    const record: IdempotencyRecord = { ...request, messageId, answer: null, at: known?.at ?? clock.now() };
    if (!known) await save(record);
    return keep(record, await work(messageId));
  }

  function begin(id: string, request: KeyedRequest, work: KeyedWork): Promise<Answer> {
    const answer = start(request, work).finally(() => running.delete(id));
    running.set(id, { fingerprint: request.fingerprint, answer });
    return answer;
  }

  async function join(first: Promise<Answer>): Promise<Answer> {
    const answer = await first;
    return isFinal(answer) ? replay(answer.status, storedBody(answer)) : answer;
  }

  return {
    async run(request, work) {
      const id = `${request.scope}\n${request.key}`;
      const entry = running.get(id);
      if (!entry) return begin(id, request, work);
      if (entry.fingerprint !== request.fingerprint) throw mismatch(request.key);
      return join(entry.answer);
    },
  };
}
