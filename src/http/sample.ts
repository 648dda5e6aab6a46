/**
 * A value that fits a JSON Schema, from its examples, defaults and bounds: what /openapi.json shows where
 * nobody wrote an example. Used by openapi.ts, and by tests to make requests of every route. Pure.
 */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

export interface SampleOptions {
  /** The schemas that `$ref` names. */
  readonly components: Readonly<Record<string, JsonSchema>>;
  /** Every member, as an answer has it; else only what a request needs. */
  readonly isWhole: boolean;
}

/** Schemas refer to one another, but not for longer than this. */
const depthMax = 24;

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-01-31T12:00:00.000Z',
  uuid: '019bc0de-7000-7000-8000-000000000001',
  uri: 'https://example.com/',
};

/** What the schema itself says, or undefined. */
function stated(schema: JsonSchema): unknown {
  if (schema.example !== undefined) return schema.example;
  return schema.examples?.[0] ?? schema.default ?? schema.const ?? schema.enum?.[0];
}

function merged(parts: readonly unknown[]): unknown {
  const isObject = (part: unknown): part is object => typeof part === 'object' && part !== null;
  return parts.every(isObject) ? Object.assign({}, ...parts) : parts[0];
}

function objectOf(schema: JsonSchema, options: SampleOptions, depth: number): Record<string, unknown> {
  const names = options.isWhole ? Object.keys(schema.properties ?? {}) : (schema.required ?? []);
  const entries = names.map((name) => [name, sample(schema.properties?.[name] ?? {}, options, depth + 1)]);
  return Object.fromEntries(entries);
}

function plain(schema: JsonSchema, type: string | undefined, options: SampleOptions, depth: number): unknown {
  switch (type) {
    case 'object':
      return objectOf(schema, options, depth);
    case 'array':
      return options.isWhole || (schema.minItems ?? 0) > 0
        ? [sample(schema.items ?? {}, options, depth + 1)]
        : [];
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return formats[schema.format ?? ''] ?? 'text'.padEnd(schema.minLength ?? 0, '.');
  }
}

export function sample(schema: JsonSchema, options: SampleOptions, depth = 0): unknown {
  if (depth > depthMax) return null;
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return sample(options.components[name] ?? {}, options, depth + 1);
  }
  const known = stated(schema);
  if (known !== undefined) return known;
  const own = schema.properties ? [objectOf(schema, options, depth)] : [];
  if (schema.allOf) return merged([...own, ...schema.allOf.map((part) => sample(part, options, depth + 1))]);
  const choice = schema.oneOf?.[0] ?? schema.anyOf?.find(({ type }) => type !== 'null');
  if (choice) return merged([...own, sample(choice, options, depth + 1)]);
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.find((name) => name !== 'null');
  return plain(schema, type ?? (schema.properties ? 'object' : undefined), options, depth);
}
