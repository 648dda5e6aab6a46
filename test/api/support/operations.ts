/** Every operation of the API as /openapi.json has it, each with a request that fits it: for tests over all routes. */
import { describeApi, describeRoutes } from '../../../src/http/describe.ts';
import type { AnyRoute } from '../../../src/http/route.ts';
import { type JsonSchema, sample } from '../../../src/http/sample.ts';

export interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly route: AnyRoute;
  /** Names of the query's members. */
  readonly query: readonly string[];
  /** A body that fits, or undefined where none is taken. */
  readonly body: unknown;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>>;
}
interface Described {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: Content;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

const document = describeApi('0.0.0-test') as Document;

function operationOf(route: AnyRoute): Operation {
  const { method, path } = route;
  const described = document.paths[path]?.[method] ?? {};
  const schema = described.requestBody?.content?.['application/json']?.schema;
  const options = { components: document.components.schemas, isWhole: false };
  return {
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path,
    route,
    query: (described.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name),
    body: schema ? sample(schema, options) : undefined,
  };
}

export const operations: readonly Operation[] = describeRoutes('0.0.0-test').map(operationOf);

/** The path with its parameters filled as they stand; whoever asks escapes what must be escaped. */
export const fill = (path: string, value: (name: string) => string): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => value(name));
