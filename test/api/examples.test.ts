/**
 * Every example of /openapi.json, sent to a real gateway whose instance is open: the body is taken, and the
 * answer is one that the document has (`stage.call` holds it against its schema). New operations are covered by
 * being in the table; what cannot answer 2xx here says why.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeApi } from '../../src/http/describe.ts';
import { addressExample } from '../../src/http/examples.ts';
import { type Stage, startStage } from '../e2e/support/stage.ts';
import { fill, type Operation, operations } from './support/operations.ts';

interface Media {
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface Described {
  readonly requestBody?: { readonly content?: Readonly<Record<string, Media>> };
}
const document = describeApi('0.0.0-test') as { paths: Record<string, Record<string, Described>> };
const id = 'sales-1';

/** Not asked here, and why. */
const left: Readonly<Record<string, string>> = {
  'GET /v1/events': 'a stream without end: test/http/events.test.ts',
  'GET /v1/events/ws': 'a WebSocket: test/http/event-socket.test.ts',
  'POST /v1/import': 'takes a file beside its body: test/backup/restore.test.ts',
  'POST /monitoring/heap-snapshot': 'stands a thread still for seconds: test/ops/operations.test.ts',
};
/** Answers that are right here, where what the example names is not there; other tests have it. */
const refused: Readonly<Record<string, string>> = {
  'GET /v1/instances/{id}/messages/{mid}/media': 'not_found',
  'GET /v1/instances/{id}/contacts/{address}/picture': 'not_found',
  'GET /v1/instances/{id}/newsletters/invite/{code}': 'not_found',
  'POST /v1/instances/{id}/groups/join': 'not_found',
  'POST /v1/instances/{id}/calls/{callId}/reject': 'not_found',
  'POST /v1/dead-letters/{eventId}/replay': 'not_found',
  'DELETE /v1/dead-letters/{eventId}': 'not_found',
  'GET /v1/instances/{id}/qr': 'already_open',
  'POST /v1/instances/{id}/connect': 'already_open',
  'POST /v1/instances/{id}/pairing-code': 'already_open',
};

let stage: Stage;
/** What the path parameters are here. */
let values: Record<string, string>;

beforeAll(async () => {
  const limits = ['MESSAGES', 'INSTANCES', 'QUERIES', 'GLOBAL'].map((name) => [`RATE_LIMIT_${name}`, 'off']);
  stage = await startStage(Object.fromEntries(limits));
  const { phone } = await stage.openInstance(id);
  await stage.sandbox.sendFrom(addressExample, phone, 'hello');
  const base = `/v1/instances/${id}`;
  const text = { type: 'text', to: addressExample, text: 'one of ours' };
  const participants = [addressExample];
  const mid = (await stage.call('POST', `${base}/messages`, text)).body.id;
  const gid = (await stage.call('POST', `${base}/groups`, { subject: 'Cast', participants })).body.id;
  const group = (await stage.call('POST', `${base}/groups`, { subject: 'Crew', participants })).body.id;
  const { code } = (await stage.call('GET', `${base}/groups/${encodeURIComponent(gid)}/invite`)).body;
  const community = (await stage.call('POST', `${base}/communities`, { subject: 'Theatre' })).body.id;
  const nid = (await stage.call('POST', `${base}/newsletters`, { name: 'Premieres' })).body.id;
  const labelId = (await stage.call('POST', `${base}/labels`, { name: 'New', color: 1 })).body.id;
  const chat = `${addressExample}@s.whatsapp.net`;
  const eventId = '019bc0de-7000-7000-8000-000000000001';
  values = {
    id,
    mid,
    gid,
    group,
    community,
    code,
    nid,
    labelId,
    chat,
    address: addressExample,
    eventId,
    callId: 'CALL',
  };
});
afterAll(() => stage.stop());

function bodiesOf({ path, method, route }: Operation): [string, unknown][] {
  const media = document.paths[path]?.[method.toLowerCase()]?.requestBody?.content?.['application/json'];
  if (!route.body || !media) return [['', undefined]];
  if (media.examples) return Object.entries(media.examples).map(([name, { value }]) => [name, value]);
  return [['', media.example]];
}

/** What others need, reads, changes, what takes away with the deepest first, and the instance itself last. */
function rank({ method, path }: Operation): number {
  if (method === 'PUT' && path.endsWith('/webhook')) return 0;
  if (method === 'GET') return 1;
  if (/\{id\}\/(?:disconnect|logout|restart|token|move)$/.test(path)) return 5;
  if (path === '/v1/instances/{id}' && method === 'DELETE') return 6;
  if (/\{id\}\/chats\/\{chat\}(?:\/clear)?$/.test(path) && (method === 'DELETE' || path.endsWith('clear')))
    return 4;
  return method === 'DELETE' ? 3 : 2;
}
const depth = ({ method, path }: Operation): number => (method === 'DELETE' ? path.split('/').length : 0);
const asked = operations
  .filter(({ name }) => !(name in left))
  .toSorted((a, b) => rank(a) - rank(b) || depth(b) - depth(a))
  .flatMap((operation) =>
    bodiesOf(operation).map(([name, body]) => [`${operation.name} ${name}`.trim(), operation, body] as const),
  );

it.each(asked)('%s', async (_, { method, path, name }, body) => {
  const named = (parameter: string): string =>
    parameter === 'gid' && path.includes('/communities/') ? 'community' : parameter;
  const filled = fill(path, (parameter) => encodeURIComponent(values[named(parameter)] ?? ''));
  const answer = await stage.call(method, filled, body);
  const code = refused[name];
  if (code === undefined) expect(answer.status, JSON.stringify(answer.body).slice(0, 400)).toBeLessThan(300);
  else expect(answer.body).toMatchObject({ code });
});

it('what is left out or refused is in the table', () => {
  const names = operations.map(({ name }) => name);
  for (const name of [...Object.keys(left), ...Object.keys(refused)]) expect(names).toContain(name);
});
