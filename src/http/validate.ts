/** Checks input against a route's schema and turns what zod says into the contract's `errors`. */
import type { z } from '@hono/zod-openapi';
import type { FieldError } from '../errors.ts';
import { invalid } from './problem.ts';

type Issue = z.core.$ZodIssue;

const pathOf = (place: string, path: readonly PropertyKey[]): string =>
  [place, ...path.map(String)].filter((part) => part !== '').join('.');

const depthOf = (issues: readonly Issue[]): number => Math.max(0, ...issues.map(({ path }) => path.length));

/** Of a union, the errors of the member that the input came closest to: where they lie deepest. */
function unionErrors(place: string, members: readonly (readonly Issue[])[]): FieldError[] {
  const [nearest = []] = members.toSorted((a, b) => depthOf(b) - depthOf(a));
  return depthOf(nearest) === 0 ? [] : nearest.flatMap((issue) => fieldErrors(place, issue));
}

function fieldErrors(place: string, issue: Issue): FieldError[] {
  const path = pathOf(place, issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pathOf(path, [key]), message: 'unknown field' }));
  }
  const nested = issue.code === 'invalid_union' ? unionErrors(path, issue.errors) : [];
  return nested.length > 0 ? nested : [{ path, message: issue.message }];
}

/** The parsed value, or `validation_failed`. `place` prefixes the paths: '' for the body, `query` for the query. */
export function check<T>(schema: z.ZodType<T>, value: unknown, place: '' | 'query'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(result.error.issues.flatMap((issue) => fieldErrors(place, issue)));
}
