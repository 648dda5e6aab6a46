/**
 * /openapi.json from the route tables: the schemas that validate are the schemas that document. Made once,
 * when it is first asked for. Every route names the problems that it can answer.
 */
import { OpenAPIHono, type z, z as zod } from '@hono/zod-openapi';
import { type ApiDocument, withExamples } from './examples.ts';
import { problemsByStatus } from './problem-codes.ts';
import type { AnswerSpec, AnyRoute } from './route.ts';
import { problemSchema } from './schemas/common.ts';
import { eventBody, eventDataSchemas } from './schemas/event.ts';

type Registry = OpenAPIHono['openAPIRegistry'];
type PathConfig = Parameters<Registry['registerPath']>[0];

const openapiVersion = '3.1.0';
/** Of a response that is a problem: the codes that it can have at this operation. */
const codesMember = 'x-problem-codes';
const problemContent = { 'application/problem+json': { schema: problemSchema } };

function answerContent({ json, types = [] }: AnswerSpec): Record<string, { schema: z.ZodType }> {
  const entries: [string, { schema: z.ZodType }][] = types.map((type) => [
    type,
    { schema: zod.string().openapi({ format: type.startsWith('image/') ? 'binary' : 'text' }) },
  ]);
  if (json) entries.unshift(['application/json', { schema: json }]);
  return Object.fromEntries(entries);
}

function responses(route: AnyRoute): PathConfig['responses'] {
  const problems = [...problemsByStatus(route)].map(([status, codes]) => [
    status,
    { description: codes.join(', '), content: problemContent, [codesMember]: codes },
  ]);
  const answers = Object.entries(route.answers).map(([status, answer]) => {
    const content = answerContent(answer);
    return [status, { description: answer.about, ...(Object.keys(content).length > 0 ? { content } : {}) }];
  });
  return Object.fromEntries([...problems, ...answers]);
}

const idempotencyHeader = zod.object({
  'Idempotency-Key': zod
    .string()
    .optional()
    .openapi({ description: 'Same key and body within 24 h: the first answer again.' }),
});

function pathParameters(path: string): z.ZodObject | undefined {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  if (names.length === 0) return undefined;
  return zod.object(Object.fromEntries(names.map((name) => [name, zod.string()])));
}

/** First the part `json`, then the file: the schema of a body without its `media`. */
const multipartContent = (schema: z.ZodType, isAlone: boolean) => ({
  'multipart/form-data': {
    schema: zod.object({
      json: isAlone ? schema.optional() : schema,
      file: zod.string().openapi({ format: 'binary' }),
    }),
  },
});

const jsonBody = (schema: z.ZodType, takesMedia: AnyRoute['takesMedia'] = false) => ({
  required: !schema.safeParse(undefined).success,
  content: {
    'application/json': { schema },
    ...(takesMedia ? multipartContent(schema, takesMedia === 'alone') : {}),
  },
});

function request(route: AnyRoute): NonNullable<PathConfig['request']> {
  const params = pathParameters(route.path);
  return {
    ...(params ? { params } : {}),
    ...(route.query ? { query: route.query as z.ZodObject } : {}),
    ...(route.body ? { body: jsonBody(route.body, route.takesMedia) } : {}),
    ...(route.idempotent ? { headers: idempotencyHeader } : {}),
  };
}

const security = (route: AnyRoute): Record<string, string[]>[] =>
  route.access === 'open' ? [] : [{ bearer: [] }, { apiKey: [] }];

const pascal = (text: string): string =>
  text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

/** `GET /v1/instances/{id}/webhook` → `getInstanceWebhook`. */
export function operationIdOf({ operationId, method, path }: AnyRoute): string {
  if (operationId !== undefined) return operationId;
  return method + pascal(path.replace('/v1/instances/{id}', '/instance').replace('/v1/', '/'));
}

const register = (registry: Registry, route: AnyRoute): void =>
  registry.registerPath({
    method: route.method,
    path: route.path,
    tags: [route.tag],
    operationId: operationIdOf(route),
    summary: route.summary,
    security: security(route),
    request: request(route),
    responses: responses(route),
  });

function registerEvents(registry: Registry): void {
  for (const [type, data] of Object.entries(eventDataSchemas)) {
    registry.registerWebhook({
      method: 'post',
      path: type,
      operationId: `on${pascal(type)}`,
      security: [],
      summary: `The event ${type}, as it is POSTed to webhooks`,
      request: { body: { content: { 'application/json': { schema: eventBody(type, data) } } } },
      responses: { 200: { description: 'Any 2xx within the timeout is success' } },
    });
  }
}

/** The whole document. `routes` are all routes of the front, `version` the gateway's. */
export function openapiDocument(routes: readonly AnyRoute[], version: string): unknown {
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
  });
  for (const route of routes) register(registry, route);
  registerEvents(registry);
  const license = { name: 'MIT', identifier: 'MIT' };
  const document = app.getOpenAPI31Document({
    openapi: openapiVersion,
    info: { title: 'Elenco', version, license, description: 'WhatsApp gateway: REST in, webhooks out.' },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
  });
  return withExamples(document as unknown as ApiDocument, routes);
}
