/** `data` of the events about groups. */
import { z } from '@hono/zod-openapi';
import { type GroupEventData, groupMemberships, joinRequestActions } from '../../protocol/group-events.ts';
import { memberAddModes } from '../../protocol/groups.ts';
import { isoTime, orNull, party } from './common.ts';

const about = { chat: party, author: orNull(party), at: isoTime };
const members = { participants: z.array(party), method: z.string().nullable() };

const changes = z
  .object({
    created: z.literal(true),
    deleted: z.literal(true),
    subject: z.string(),
    description: z.string().nullable(),
    announce: z.boolean(),
    locked: z.boolean(),
    ephemeralSeconds: z.int(),
    joinApproval: z.boolean(),
    memberAddMode: z.enum(memberAddModes),
    invite: z.string().nullable(),
    picture: z.enum(['changed', 'removed']),
    community: z.string().nullable(),
  })
  .partial()
  .openapi('GroupChanges', { description: 'Only what changed is there.' });

export const groupEventSchemas: Readonly<Record<keyof GroupEventData, z.ZodType>> = {
  'group.updated': z.object({ ...about, changes }),
  'group.participants': z.object({ ...about, action: z.enum(groupMemberships), ...members }),
  'group.join_request': z.object({ ...about, action: z.enum(joinRequestActions), ...members }),
};
