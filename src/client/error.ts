/**
 * The one error that calls throw: what the gateway answered (application/problem+json), or that nothing
 * came. Decide by `code`, which is stable; show `message`, which carries the numbers.
 */
import type { ErrorCode, ProblemDocument } from './types.ts';

interface ErrorParts {
  readonly code: ErrorCode;
  readonly status: number;
  readonly problem?: ProblemDocument;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

export class ElencoError extends Error {
  override readonly name = 'ElencoError';
  readonly code: ErrorCode;
  /** The HTTP status; 0 where no answer came. */
  readonly status: number;
  /** The whole problem document, with further members such as `messageId`. */
  readonly problem: ProblemDocument | undefined;
  /** How long the gateway asks to wait before the next try. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { code, status, problem, retryAfterMs, cause }: ErrorParts) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  /** The wrong fields of a request that was refused as `validation_failed`. */
  get errors(): readonly { readonly path: string; readonly message: string }[] {
    return this.problem?.errors ?? [];
  }
}

const isProblem = (value: unknown): value is ProblemDocument =>
  typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;

function retryAfterMsOf(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

/** The error behind an answer that is none of success. Something else than Elenco may have answered. */
export async function errorOf(response: Response): Promise<ElencoError> {
  const { status } = response;
  const text = await response.text();
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    document = undefined;
  }
  const retryAfterMs = retryAfterMsOf(response);
  const parts = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (isProblem(document))
    return new ElencoError(document.detail, { ...parts, code: document.code, problem: document });
  return new ElencoError(`HTTP ${status} from something that is not Elenco: ${text.slice(0, 200)}`, {
    ...parts,
    code: 'unreachable',
  });
}

export const unreachable = (url: string, cause: unknown): ElencoError =>
  new ElencoError(`no answer from ${url}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    code: 'unreachable',
    status: 0,
    cause,
  });
