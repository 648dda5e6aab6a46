/** Schemas that several resources share. They validate input, and /openapi.json is made from them. */
import { z } from '@hono/zod-openapi';
import { errorCodes } from '../../errors.ts';
import { pageLimitDefault, pageLimitMax } from '../../limits.ts';
import { addressMaxChars, cursorMaxChars } from '../limits.ts';

const codes = Object.keys(errorCodes) as [string, ...string[]];

export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(codes),
    detail: z.string(),
    instance: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem');

export const isoTime = z.iso.datetime().openapi({ example: '2026-01-31T12:00:00.000Z' });

export const address = z.string().min(1).max(addressMaxChars).openapi({
  description: 'A phone number in any common writing, a JID or a LID.',
  example: '+55 11 98888-7777',
});

export const party = z
  .object({ jid: z.string(), pn: z.string().nullable(), lid: z.string().nullable() })
  .openapi('Party');

/**
 * A named schema or null. Not `.nullable()`: that would write null into the shared component itself.
 */
export const orNull = <T extends z.ZodType>(schema: T) => z.union([schema, z.null()]);

/** For `refine`, of a body whose members may each be absent. */
export const oneChange = [
  (change: object): boolean => Object.keys(change).length > 0,
  'takes at least one change',
] as const;

/** A whole number in a query string. */
export const queryInt = (min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `takes a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .default(fallback)
    .openapi({ type: 'integer', minimum: min, maximum: max, default: fallback });

export const queryBoolean = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true')
  .openapi({ type: 'boolean', default: false });

export const pageLimit = queryInt(1, pageLimitMax, pageLimitDefault);
export const pageCursor = z.string().min(1).max(cursorMaxChars).optional();

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable() });

export const partyList = pageOf(party).openapi('PartyList');
