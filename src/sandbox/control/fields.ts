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
