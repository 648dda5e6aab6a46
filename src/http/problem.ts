/**
 * Problem documents (RFC 9457), made from the error registry: the one place where a failure becomes an
 * answer. Called by the pipeline and by the fallbacks of the app. Never shows the text of an unexpected
 * error: that goes to the log under the request id of the answer.
 */
import { AppError, type ErrorCode, errorCodes, type Failure, type FieldError } from '../errors.ts';
import type { Answer } from './answer.ts';
import { retryAfterMsDefault } from './limits.ts';

export const problemTypeOf = (code: ErrorCode): string => `urn:elenco:problem:${code}`;

function extraHeaders(failure: Failure, status: number): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer realm="elenco"' };
  if (status !== 429 && status !== 503) return {};
  const waitMs = failure.retryAfterMs ?? retryAfterMsDefault;
  return { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))) };
}

/** `path` is the path of the request, for the `instance` member. */
export function problem(failure: Failure, path: string): Answer {
  const { status, title } = errorCodes[failure.code];
  const document = {
    ...failure.extra,
    type: problemTypeOf(failure.code),
    title,
    status,
    code: failure.code,
    detail: failure.detail,
    instance: path,
    ...(failure.errors ? { errors: failure.errors } : {}),
  };
  return {
    status,
    code: failure.code,
    headers: {
      'content-type': 'application/problem+json; charset=UTF-8',
      'cache-control': 'no-store',
      ...extraHeaders(failure, status),
    },
    body: JSON.stringify(document),
  };
}

/** A request that does not fit its schema; the detail names the first field and how many more there are. */
export function invalid(errors: readonly FieldError[]): AppError {
  const first = errors[0];
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const detail = first ? `${first.path === '' ? 'body' : first.path}: ${first.message}${more}` : 'not valid';
  return new AppError('validation_failed', detail, { errors });
}
