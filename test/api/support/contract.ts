/**
 * Holds what a gateway says against /openapi.json: every answer has a documented status, type and shape, every
 * problem a code that its operation lists, every event the schema of its type. Members that are not
 * documented are a breach too. Used by the stage of the e2e tests and by the walks over all routes.
 */
import type { z } from '@hono/zod-openapi';
import { describeApi, describeRoutes } from '../../../src/http/describe.ts';
import { problemsByStatus } from '../../../src/http/problem-codes.ts';
import type { AnyRoute } from '../../../src/http/route.ts';
import { problemSchema } from '../../../src/http/schemas/common.ts';
import { eventBody, eventDataSchemas } from '../../../src/http/schemas/event.ts';
import { type Shape, surplusMembers } from './surplus.ts';

export interface Heard {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Shape }>>;
}
interface Document {
  readonly paths: Readonly<
    Record<string, Record<string, { responses: Record<string, Content> } | undefined>>
  >;
  readonly webhooks: Readonly<Record<string, { readonly post: { readonly requestBody: Content } }>>;
  readonly components: { readonly schemas: Readonly<Record<string, Shape>> };
}

const document = describeApi('0.0.0-test') as Document;
const { schemas } = document.components;
const json = 'application/json';

/** Fixed segments win over parameters, as in the router. */
const routes = describeRoutes('0.0.0-test')
  .map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }))
  .sort((a, b) => a.route.path.split('{').length - b.route.path.split('{').length);

function routeOf(method: string, path: string): AnyRoute | undefined {
  const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
  return routes.find(({ route, pattern }) => route.method === asked && pattern.test(path))?.route;
}

function misfits(value: unknown, schema: z.ZodType, shape: Shape | undefined): string | null {
  const checked = schema.safeParse(value);
  if (!checked.success)
    return checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  const surplus = shape ? surplusMembers(value, shape, schemas) : [];
  return surplus.length > 0 ? `undocumented: ${surplus.join(', ')}` : null;
}

/** Where no route answered. */
const strayCodes = [
  'not_found',
  'method_not_allowed',
  'rate_limited',
  'draining',
  'validation_failed',
  'internal',
];

function problemBreach(route: AnyRoute | undefined, { status, type, text }: Heard): string | null {
  if (!type?.startsWith('application/problem+json')) return `a problem of the type ${type}`;
  const problem = JSON.parse(text);
  const shape = misfits(problem, problemSchema, undefined);
  if (shape) return shape;
  const codes: readonly string[] = route ? (problemsByStatus(route).get(status) ?? []) : strayCodes;
  return codes.includes(problem.code) ? null : `the code ${problem.code} is not listed: ${problem.detail}`;
}

function answerBreach(route: AnyRoute, { status, type, text }: Heard): string | null {
  const spec = route.answers[status];
  if (!spec) return 'the status is not documented';
  const bare = type?.split(';')[0] ?? '';
  if (spec.types?.some((known) => known === bare || known === '*/*')) return null;
  if (!spec.json)
    return text === '' || spec.types ? (spec.types && text !== '' ? `the type ${type}` : null) : 'a body';
  if (bare !== json) return `the type ${type}`;
  const shape = document.paths[route.path]?.[route.method]?.responses[status]?.content?.[json]?.schema;
  return misfits(JSON.parse(text), spec.json, shape);
}

/** The path as the server reads it: without dot segments, however they are written. */
const servedPath = (path: string): string =>
  URL.parse(`http://gateway${path}`)?.pathname ?? path.split('?')[0] ?? '';

/** What is wrong with an answer, or null. `path` may have a query. */
export function breachOf(method: string, path: string, heard: Heard): string | null {
  const route = routeOf(method, servedPath(path));
  const isHead = method === 'HEAD' || heard.status === 304;
  if (isHead) return null;
  const isProblem = heard.status >= 400 && !route?.answers[heard.status];
  const breach = isProblem || !route ? problemBreach(route, heard) : answerBreach(route, heard);
  return breach === null ? null : `${method} ${path.slice(0, 200)} → ${heard.status}: ${breach}`;
}

/** What is wrong with an event as a webhook gets it, or null. */
export function eventBreach(event: { readonly type: string }): string | null {
  const data = (eventDataSchemas as Readonly<Record<string, z.ZodType>>)[event.type];
  if (!data) return `the event ${event.type} is not documented`;
  const shape = document.webhooks[event.type]?.post.requestBody.content?.[json]?.schema;
  const breach = misfits(event, eventBody(event.type, data), shape);
  return breach === null ? null : `${event.type}: ${breach}`;
}
