/** The query of the live event routes. */
import { z } from '@hono/zod-openapi';
import { eventTypes } from '../../protocol/events.ts';
import { instanceId } from './instance.ts';

const typeList = z
  .string()
  .transform((text) => text.split(',').map((type) => type.trim()))
  .pipe(z.array(z.enum(eventTypes)).min(1))
  .optional()
  .openapi({ type: 'string', description: 'Comma-separated event types.', example: 'message.received' });

/** The sequence of an event, as the stream's `id:` lines give it. */
export const eventPosition = z
  .string()
  .regex(/^\d{1,16}$/, 'takes the id of an event of the stream')
  .transform(Number)
  .refine(Number.isSafeInteger, 'takes the id of an event of the stream')
  .openapi({ type: 'integer' });

export const eventsQuery = z.object({
  instance: instanceId.optional(),
  types: typeList,
  after: eventPosition.optional(),
});
