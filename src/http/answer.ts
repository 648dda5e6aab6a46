/**
 * Answers as data: routes return one, the pipeline turns it into a Response. A handler never touches a
 * Response or its headers (facts/runtime.md §5: a header set late costs three times the CPU of the request);
 * all headers are collected in one plain object first.
 */
export type AnswerBody = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AnswerBody;
  /** The body with what is shown only once as null; what an idempotent replay gives. */
  readonly replayBody?: string;
  /** Code of a problem, for metrics and for the decision whether an answer is kept. */
  readonly code?: string;
}

const jsonHeaders = { 'content-type': 'application/json; charset=UTF-8', 'cache-control': 'no-store' };

export const json = (status: number, value: unknown): Answer => ({
  status,
  headers: jsonHeaders,
  body: JSON.stringify(value),
});

/** As `json`, for a body whose members named in `once` are never shown again. */
export function jsonOnce(
  status: number,
  value: Readonly<Record<string, unknown>>,
  once: readonly string[],
): Answer {
  const masked = Object.fromEntries(once.filter((name) => name in value).map((name) => [name, null]));
  return { ...json(status, value), replayBody: JSON.stringify({ ...value, ...masked }) };
}

export const noContent: Answer = { status: 204, headers: {}, body: null };

export const content = (type: string, body: string | Uint8Array, cacheControl = 'no-store'): Answer => ({
  status: 200,
  headers: { 'content-type': type, 'cache-control': cacheControl },
  body: typeof body === 'string' ? body : new Uint8Array(body),
});

export const isSuccess = (answer: Answer): boolean => answer.status >= 200 && answer.status < 300;

export function toResponse(answer: Answer, extra: Readonly<Record<string, string>>): Response {
  return new Response(answer.body, { status: answer.status, headers: { ...answer.headers, ...extra } });
}
