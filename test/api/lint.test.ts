/** /openapi.json passes Redocly's recommended rules, its examples fit their schemas, and operations have names. */
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, it } from 'vitest';
import { describeApi, describeRoutes } from '../../src/http/describe.ts';
import { operationIdOf } from '../../src/http/openapi.ts';

it('lints clean', async () => {
  const config = await createConfig({
    extends: ['recommended'],
    rules: {
      'no-invalid-media-type-examples': 'error',
      'no-invalid-schema-examples': 'error',
      'no-invalid-parameter-examples': 'error',
      // The names say it: `instances`, `messages`, …
      'tag-description': 'off',
      // `…/invite/{code}` beside `…/{gid}/messages`: fixed segments win, and no id is called "invite".
      'no-ambiguous-paths': 'off',
      // A WebSocket is answered with 101.
      'operation-2xx-response': 'off',
      // Health takes no input and no key.
      'operation-4xx-response': 'off',
    },
  });
  const source = JSON.stringify(describeApi('0.0.0-test'));
  const problems = await lintFromString({ source, config, absoluteRef: 'openapi.json' });
  expect(
    problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`),
  ).toEqual([]);
});

it('every operation has a name of its own', () => {
  const names = describeRoutes('0.0.0-test').map(operationIdOf);
  expect(names.filter((name) => !/^[a-z][A-Za-z0-9]+$/.test(name))).toEqual([]);
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
});
