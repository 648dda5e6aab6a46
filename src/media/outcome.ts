/** Errors of the media pool's threads as data: a structured clone loses their class (see `src/errors.ts`). */
import { AppError, type Failure, fromFailure } from '../errors.ts';

export type Outcome<T> = { readonly value: T } | { readonly failure: Failure };

/** Wraps a function of the pool: its `AppError`s come back as values, everything else as an error. */
export const asOutcome =
  <I, O>(work: (input: I) => Promise<O>) =>
  async (input: I): Promise<Outcome<O>> => {
    try {
      return { value: await work(input) };
    } catch (error) {
      if (error instanceof AppError) return { failure: error.failure };
      throw error;
    }
  };

export function settledValue<T>(outcome: Outcome<T>): T {
  if ('failure' in outcome) throw fromFailure(outcome.failure);
  return outcome.value;
}
