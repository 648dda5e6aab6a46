/**
 * Events as webhooks and event streams deliver them: every emitted type has its schema here and so in
 * /openapi.json (DECISIONS 26). A test compares the names with `EventData` of the protocol.
 */
import { z } from '@hono/zod-openapi';
import { callEnds, type EventData, presenceStates } from '../../protocol/events.ts';
import { instanceStates } from '../../protocol/instance.ts';
import { messageStatuses } from '../../protocol/message.ts';
import { chatUpdatedEvent } from './chat-changes.ts';
import { isoTime, orNull, party } from './common.ts';
import { groupEventSchemas } from './group-event.ts';
import { messageError, messageSchema } from './message.ts';

const received = messageSchema
  .extend({ pushName: z.string().nullable(), offline: z.boolean() })
  .openapi('ReceivedMessage');

/** `id` is the message that was changed, `from` who changed it. */
const change = z.object({ id: z.string(), chat: party, from: party, fromMe: z.boolean(), at: isoTime });

/** `data` of each event that is emitted today. */
export const eventDataSchemas: Readonly<Record<keyof EventData, z.ZodType>> = {
  'instance.state': z.object({
    state: z.enum(instanceStates),
    previous: z.enum(instanceStates),
    reason: z.string().nullable(),
  }),
  'instance.qr': z.object({ qr: z.string(), expiresAt: isoTime }),
  'message.received': received,
  'message.sent': received,
  'message.status': z.object({
    id: z.string(),
    chat: party,
    status: z.enum(messageStatuses),
    participant: orNull(party),
    at: isoTime,
    error: messageError.nullable(),
  }),
  ...groupEventSchemas,
  'chat.updated': chatUpdatedEvent,
  'chat.deleted': z.object({ chat: party, messagesOnly: z.boolean() }),
  'contact.updated': z.object({
    contact: party,
    name: z.string().nullable(),
    picture: z.enum(['changed', 'removed']).nullable(),
  }),
  'presence.updated': z.object({
    chat: party,
    participant: party,
    state: z.enum(presenceStates),
    lastSeen: isoTime.nullable(),
  }),
  'call.received': z.object({
    id: z.string(),
    from: party,
    group: orNull(party),
    isVideo: z.boolean(),
    isGroup: z.boolean(),
    at: isoTime,
    offline: z.boolean(),
  }),
  'call.ended': z.object({ id: z.string(), from: party, reason: z.enum(callEnds), at: isoTime }),
  'label.updated': z.object({
    id: z.string(),
    name: z.string(),
    color: z.int(),
    change: z.enum(['saved', 'deleted', 'added', 'removed']),
    chat: orNull(party),
    messageId: z.string().nullable(),
  }),
  'blocklist.updated': z.object({ contact: party, blocked: z.boolean() }),
  'history.synced': z.object({
    kind: z.enum(['bootstrap', 'recent', 'full', 'names', 'on_demand']),
    progress: z.int().nullable(),
    chats: z.int(),
    contacts: z.int(),
    messages: z.int(),
  }),
  'message.edited': change.extend({ text: z.string().nullable() }),
  'message.deleted': change.extend({ for: z.enum(['everyone', 'me']) }),
  'message.reaction': change.extend({ emoji: z.string().nullable() }),
  'poll.vote': change.extend({
    options: z.array(z.string()).nullable(),
    results: z.array(z.object({ option: z.string(), votes: z.int() })).nullable(),
  }),
  'webhook.test': z.object({ message: z.string() }),
};

/** The POSTed body of one event type. */
export const eventBody = (type: string, data: z.ZodType) =>
  z.object({
    id: z.uuid(),
    type: z.literal(type),
    instance: z.string(),
    at: isoTime,
    data,
  });
