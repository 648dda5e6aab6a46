/**
 * The one error registry: every code that the API can answer, its HTTP status and title. `test/` holds it
 * against the docs both ways. An operating error is an `AppError`; a broken invariant is an assertion.
 * Errors cross threads as data (`toFailure` / `fromFailure`), because a structured clone loses the class.
 */
export const errorCodes = {
  already_open: { status: 409, title: 'The instance is already open' },
  actor_restarted: { status: 503, title: 'The owning thread was restarted' },
  ambiguous_message: { status: 409, title: 'Several messages have this id' },
  body_too_large: { status: 413, title: 'The body is too large' },
  conflict: { status: 409, title: 'The request conflicts with the current state' },
  conversion_failed: { status: 422, title: 'The media cannot be converted' },
  draining: { status: 503, title: 'The gateway is stopping' },
  forbidden: { status: 403, title: 'This key may not do that' },
  idempotency_mismatch: { status: 422, title: 'The idempotency key was used with another body' },
  instance_exists: { status: 409, title: 'An instance with this id exists' },
  instance_limit_reached: { status: 409, title: 'The instance limit is reached' },
  instance_not_found: { status: 404, title: 'No such instance' },
  instance_not_open: { status: 409, title: 'The instance is not open' },
  internal: { status: 500, title: 'Internal error' },
  mailbox_full: { status: 503, title: 'The owning thread is overloaded' },
  method_not_allowed: { status: 405, title: 'This path does not take that method' },
  not_found: { status: 404, title: 'No such resource' },
  not_on_whatsapp: { status: 404, title: 'The number is not on WhatsApp' },
  not_supported: { status: 501, title: 'Not supported' },
  qr_not_ready: { status: 409, title: 'No QR code is shown yet' },
  rate_limited: { status: 429, title: 'Too many requests' },
  store_failed: { status: 503, title: 'The store could not be written' },
  timeout: { status: 504, title: 'No answer in time' },
  unauthorized: { status: 401, title: 'A valid key is required' },
  unsupported_media_type: { status: 415, title: 'The body has a type that is not taken here' },
  validation_failed: { status: 400, title: 'The request is not valid' },
  webhook_not_set: { status: 404, title: 'No webhook is set' },
  whatsapp_rejected: { status: 502, title: 'WhatsApp refused the request' },
} as const;

export type ErrorCode = keyof typeof errorCodes;
export interface FieldError {
  readonly path: string;
  readonly message: string;
}
/** An error as data: what crosses a thread boundary and what a problem response is made from. */
export interface Failure {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly retryAfterMs?: number;
  readonly errors?: readonly FieldError[];
  /** Further members of the problem document, for example `messageId` with `timeout`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly failure: Failure;

  /** `detail` carries the numbers: what was expected, what came, which limit. */
  constructor(code: ErrorCode, detail: string, more: Omit<Failure, 'code' | 'detail'> = {}) {
    super(detail);
    this.code = code;
    this.failure = { ...more, code, detail };
  }
}

export function toFailure(error: unknown): Failure {
  if (error instanceof AppError) return error.failure;
  return { code: 'internal', detail: error instanceof Error ? error.message : String(error) };
}

export function fromFailure(failure: Failure): AppError {
  const { code, detail, ...more } = failure;
  return new AppError(code, detail, more);
}
