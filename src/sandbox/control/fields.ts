/**
 * Reads fields of a control request's body, with an error that names the field. Used by the routes.
 */
type Body = Readonly<Record<string, unknown>>;

export function textField(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw new Error(`"${name}" must be a text`);
  return value;
}

export function optionalText(body: Body, name: string): string | undefined {
  return body[name] === undefined || body[name] === null ? undefined : textField(body, name);
}

export function numberField(body: Body, name: string, missing: number): number {
  const value = body[name] ?? missing;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`"${name}" must be a number`);
  return value;
}

export function textList(body: Body, name: string): string[] {
  const value = body[name];
  if (!Array.isArray(value)) throw new Error(`"${name}" must be a list of texts`);
  return value.map(String);
}

export function oneOf<const T extends string>(body: Body, name: string, values: readonly T[]): T {
  const found = values.find((value) => value === body[name]);
  if (found === undefined) throw new Error(`"${name}" must be one of ${values.join(', ')}`);
  return found;
}
