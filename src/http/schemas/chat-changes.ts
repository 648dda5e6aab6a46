/** Changes of chats, typing and read receipts. */
import { z } from '@hono/zod-openapi';
import { ephemeralSeconds } from '../../protocol/chat-changes.ts';
import { typingStates } from '../../protocol/presences.ts';
import { messageIdMaxChars, readIdsMax } from '../limits.ts';
import { isoTime, oneChange, party } from './common.ts';

export const ephemeral = z.union(ephemeralSeconds.map((seconds) => z.literal(seconds)));

export const chatChange = z
  .strictObject({
    archived: z.boolean().optional(),
    pinned: z.boolean().optional(),
    mutedUntil: isoTime.nullable().optional(),
    unread: z.boolean().optional(),
    ephemeralSeconds: ephemeral.optional(),
  })
  .refine(...oneChange)
  .openapi('ChatChange', { example: { archived: true, mutedUntil: '2026-12-31T12:00:00.000Z' } });

export const chatUpdateSchema = z
  .object({
    chat: party,
    archived: z.boolean().optional(),
    pinned: z.boolean().optional(),
    mutedUntil: isoTime.nullable().optional(),
    unread: z.boolean().optional(),
    ephemeralSeconds: z.int().optional(),
  })
  .openapi('ChatUpdate');

export const chatUpdatedEvent = chatUpdateSchema
  .extend({ unreadCount: z.int().optional() })
  .openapi('ChatUpdated');

const messageIdText = z.string().min(1).max(messageIdMaxChars);

/** An absent body reads all that is unread. */
export const readInput = z
  .strictObject({ messageIds: z.array(messageIdText).min(1).max(readIdsMax).optional() })
  .prefault({})
  .openapi('ReadInput');
export const readSchema = z.object({ read: z.int() }).openapi('ReadMessages');

export const typingInput = z.strictObject({ state: z.enum(typingStates) }).openapi('TypingInput');
