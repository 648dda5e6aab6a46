/**
 * Broken invariants. A failed assertion is a programmer error: it crashes the actor, and the supervisor
 * decides what happens next. Never used for bad input or operating errors (those are `AppError`).
 */
export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message);
}

/** Closes a `switch` over a discriminated union: a new member that nobody handles fails the type check. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unreachable: ${JSON.stringify(value)}`);
}

/** The value, where the surrounding code guarantees that it is there; the message says by what. */
export function present<T>(value: T | null | undefined, message: string): T {
  assert(value !== null && value !== undefined, message);
  return value;
}
