/** docs/api.md names every route and every error code, and nothing else. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { errorCodes } from '../../src/errors.ts';
import { allRoutes } from './support/start.ts';

const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');

/** The cells of the table rows that start with code. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );

it('every error code with its status', () => {
  const documented = rows
    .filter(([code = '']) => /^[a-z_]+$/.test(code))
    .map(([code, status]) => `${code} ${status}`);
  const registered = Object.entries(errorCodes).map(([code, { status }]) => `${code} ${status}`);
  expect(documented.toSorted()).toEqual(registered.toSorted());
});

it('every route with its key and its limit', () => {
  const names = { open: 'none', key: 'any', admin: 'admin', metrics: 'metrics' } as const;
  const documented = rows
    .filter(([route = '']) => /^[A-Z]+ \//.test(route))
    .map((cells) => cells.slice(0, 3).join(' | '));
  const served = allRoutes().map(({ method, path, access, limit }) =>
    [`${method.toUpperCase()} ${path}`, names[access], limit ?? 'not limited'].join(' | '),
  );
  expect(documented.toSorted()).toEqual(served.toSorted());
});
