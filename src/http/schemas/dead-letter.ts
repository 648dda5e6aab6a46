/** Dead letters as they are listed, replayed and purged, and the replay of a time range. */
import { z } from '@hono/zod-openapi';
import { eventTypes } from '../../protocol/events.ts';
import { isoTime, pageCursor, pageLimit, pageOf } from './common.ts';
import { eventPosition } from './event-query.ts';
import { instanceId } from './instance.ts';

export const deadLetterSchema = z
  .object({
    webhook: z.string().openapi({ description: 'An instance id, or `*`: the webhook for all instances.' }),
    instance: z.string(),
    eventId: z.string(),
    type: z.string(),
    at: isoTime,
    deadAt: isoTime,
    attempts: z.int(),
    httpStatus: z.int().nullable(),
    error: z.string(),
  })
  .openapi('DeadLetter');

export const deadLetterPage = pageOf(deadLetterSchema).openapi('DeadLetterPage');

export const deadLetterScope = z.object({ instance: instanceId.optional() });
export const deadLetterQuery = deadLetterScope.extend({ limit: pageLimit, cursor: pageCursor });

export const eventIdParam = z.object({ eventId: z.uuid() });
export const replayedOne = z.object({ replayed: z.int() });
export const replayedMany = z.object({ replayed: z.int(), hasMore: z.boolean() }).openapi('Replayed');
export const purgedMany = z.object({ removed: z.int(), hasMore: z.boolean() }).openapi('Purged');

export const replayInput = z
  .strictObject({
    from: isoTime,
    to: isoTime,
    types: z.array(z.enum(eventTypes)).min(1).optional(),
    cursor: eventPosition.optional(),
  })
  .refine(({ from, to }) => Date.parse(from) <= Date.parse(to), {
    path: ['to'],
    message: 'takes no time before `from`',
  })
  .openapi('ReplayInput');

export const replayedRange = z
  .object({ replayed: z.int(), next: z.string().nullable() })
  .openapi('ReplayedRange');
