/** Small shapes of the commands: partial updates and errors that name their message. Pure. */
import { AppError } from '../errors.ts';

/** A send that was not answered in time stays queued: the caller learns under which id. */
export function withMessageId(error: unknown, messageId: string): unknown {
  if (!(error instanceof AppError) || error.code !== 'timeout') return error;
  const { code, detail, ...more } = error.failure;
  return new AppError(code, detail, { ...more, extra: { ...more.extra, messageId } });
}

/** Only the members that are set: a partial update never unsets. */
export function defined<T extends object>(partial: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(partial).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
