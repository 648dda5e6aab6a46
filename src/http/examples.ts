/**
 * Puts examples into /openapi.json: the bodies that a route names, else one made from its schema; an answer
 * for every success; values for path parameters. A test sends every example to a real gateway and holds what
 * comes back against the schema.
 */
import type { AnyRoute } from './route.ts';
import { type JsonSchema, sample } from './sample.ts';

interface Media {
  readonly schema?: JsonSchema;
  example?: unknown;
  examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface WithContent {
  readonly content?: Readonly<Record<string, Media>>;
}
interface Parameter {
  readonly in: string;
  readonly name: string;
  example?: unknown;
}
interface Described {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: WithContent;
  readonly responses?: Readonly<Record<string, WithContent>>;
}

/** The parts of the document that matter here. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** What path parameters look like; another one is shown as an address. */
export const pathExamples: Readonly<Record<string, string>> = {
  id: 'sales-1',
  mid: '3EB0A1B2C3D4E5F60718',
  eventId: '019bc0de-7000-7000-8000-000000000001',
  gid: '120363041234567890@g.us',
  nid: '120363041234567890@newsletter',
  code: '0029VaExample',
};
export const addressExample = '5511988887777';
/** A PNG of one pixel, as base64. */
export const pictureExample =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const jsonOf = ({ content }: WithContent): Media | undefined => content?.['application/json'];

function showBody(
  { examples }: AnyRoute,
  body: Media | undefined,
  components: ApiDocument['components'],
): void {
  if (!body?.schema) return;
  if (!examples) body.example = sample(body.schema, { components: components.schemas, isWhole: false });
  else body.examples = Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));
}

/** Changes the document, which nobody has seen yet, and gives it back. */
export function withExamples(document: ApiDocument, routes: readonly AnyRoute[]): ApiDocument {
  const { paths, components } = document;
  for (const route of routes) {
    const described = paths[route.path]?.[route.method];
    if (!described) continue;
    for (const parameter of described.parameters ?? [])
      if (parameter.in === 'path') parameter.example = pathExamples[parameter.name] ?? addressExample;
    showBody(route, jsonOf(described.requestBody ?? {}), components);
    for (const [status, answer] of Object.entries(described.responses ?? {})) {
      const json = jsonOf(answer);
      if (json?.schema && /^2/.test(status))
        json.example = sample(json.schema, { components: components.schemas, isWhole: true });
    }
  }
  return document;
}
