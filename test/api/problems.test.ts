/** Every operation lists the problems that it can answer, and every code of the registry is listed somewhere. */
import { expect, it } from 'vitest';
import { errorCodes } from '../../src/errors.ts';
import { describeApi, describeRoutes } from '../../src/http/describe.ts';
import { problemCodesOf } from '../../src/http/problem-codes.ts';
import { breachOf } from './support/contract.ts';

interface Listed {
  readonly responses: Readonly<Record<string, { readonly 'x-problem-codes'?: readonly string[] }>>;
}
const document = describeApi('0.0.0-test') as { paths: Record<string, Record<string, Listed>> };
/** Of what is no operation: a method that a path does not take. */
const strayOnly = ['method_not_allowed'];

it('/openapi.json lists the codes of each operation under their status', () => {
  for (const route of describeRoutes('0.0.0-test')) {
    const responses = document.paths[route.path]?.[route.method]?.responses ?? {};
    const listed = Object.entries(responses).flatMap(([status, answer]) =>
      (answer['x-problem-codes'] ?? []).map((code) => `${status} ${code}`),
    );
    const expected = problemCodesOf(route).map((code) => `${errorCodes[code].status} ${code}`);
    expect(listed.toSorted(), `${route.method} ${route.path}`).toEqual(expected.toSorted());
    // A problem may not hide a documented answer of the same status.
    for (const code of problemCodesOf(route)) expect(route.answers[errorCodes[code].status]).toBeUndefined();
  }
});

it('every code is listed at an operation', () => {
  const listed = new Set<string>(describeRoutes('0.0.0-test').flatMap(problemCodesOf));
  expect([...listed, ...strayOnly].toSorted()).toEqual(Object.keys(errorCodes).toSorted());
});

it('an answer outside of the document is a breach', () => {
  const problem = (code: string, status: number) => ({
    status,
    type: 'application/problem+json; charset=UTF-8',
    text: JSON.stringify({ type: 'urn:x', title: 'x', status, code, detail: 'x' }),
  });
  const answer = (status: number, value: unknown) => ({
    status,
    type: 'application/json',
    text: JSON.stringify(value),
  });
  const path = '/v1/instances/a/pairing-code';
  const code = { code: 'ABCD-EFGH', expiresAt: '2026-01-02T03:04:05.678Z' };
  expect(breachOf('POST', path, answer(200, code))).toBeNull();
  expect(breachOf('POST', path, answer(201, code))).toContain('status is not documented');
  expect(breachOf('POST', path, answer(200, { ...code, more: 1 }))).toContain('undocumented: more');
  expect(breachOf('POST', path, answer(200, { code: 'ABCD-EFGH' }))).toContain('expiresAt');
  expect(breachOf('POST', path, problem('already_open', 409))).toBeNull();
  expect(breachOf('POST', path, problem('instance_exists', 409))).toContain('instance_exists is not listed');
  expect(breachOf('GET', '/nowhere', problem('not_found', 404))).toBeNull();
  expect(breachOf('GET', '/nowhere', problem('conflict', 409))).toContain('conflict');
});
