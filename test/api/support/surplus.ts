/** Members of a JSON value that no alternative of its JSON Schema names: what the validating schemas let pass. */
export interface Shape {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: boolean | Shape;
  readonly items?: Shape;
  readonly allOf?: readonly Shape[];
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
}

type Schemas = Readonly<Record<string, Shape>>;
interface Flat {
  readonly members: Readonly<Record<string, Shape>>;
  readonly more: boolean | Shape | undefined;
  readonly items: Shape | undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const together = (a: Flat, b: Flat): Flat => ({
  members: { ...a.members, ...b.members },
  more: a.more ?? b.more,
  items: a.items ?? b.items,
});

/** The schema with its references and combinations resolved: one entry for each way to fit it. */
function flatten(schema: Shape, schemas: Schemas): Flat[] {
  if (schema.$ref !== undefined) return flatten(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, schemas);
  const { properties = {}, additionalProperties, items } = schema;
  let ways: Flat[] = [{ members: properties, more: additionalProperties, items }];
  const choices = [...(schema.allOf ?? []).map((part) => [part]), schema.anyOf ?? [], schema.oneOf ?? []];
  for (const parts of choices.filter(({ length }) => length > 0)) {
    const added = parts.flatMap((part) => flatten(part, schemas));
    ways = ways.flatMap((way) => added.map((one) => together(way, one)));
  }
  return ways;
}

function against(value: unknown, way: Flat, schemas: Schemas, at: string): string[] {
  if (Array.isArray(value))
    return way.items
      ? value.flatMap((item) => surplusMembers(item, way.items as Shape, schemas, `${at}[]`))
      : [];
  if (!isObject(value)) return [];
  const isOpen = way.more === true || (Object.keys(way.members).length === 0 && way.more === undefined);
  return Object.entries(value).flatMap(([name, member]) => {
    const where = at === '' ? name : `${at}.${name}`;
    const known = way.members[name] ?? (isObject(way.more) ? (way.more as Shape) : undefined);
    if (known) return surplusMembers(member, known, schemas, where);
    return isOpen ? [] : [where];
  });
}

/** Paths of what is not documented; the fewest that any way to fit the schema leaves over. */
export function surplusMembers(value: unknown, schema: Shape, schemas: Schemas, at = ''): string[] {
  const found = flatten(schema, schemas).map((way) => against(value, way, schemas, at));
  return found.reduce((best, one) => (one.length < best.length ? one : best), found[0] ?? []);
}
