/** Checks input against a route's schema and turns what zod says into the contract's `errors`. */
import type { z } from '@hono/zod-openapi';
import type { FieldError } from '../errors.ts';
import { invalid } from './problem.ts';

type Issue = z.core.$ZodIssue;

const pathOf = (place: string, path: readonly PropertyKey[]): string =>
  [place, ...path.map(String)].filter((part) => part !== '').join('.');

function fieldErrors(place: string, issue: Issue): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pathOf(place, [...issue.path, key]), message: 'unknown field' }));
  }
  return [{ path: pathOf(place, issue.path), message: issue.message }];
}

/** The parsed value, or `validation_failed`. `place` prefixes the paths: '' for the body, `query` for the query. */
export function check<T>(schema: z.ZodType<T>, value: unknown, place: '' | 'query'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(result.error.issues.flatMap((issue) => fieldErrors(place, issue)));
}
