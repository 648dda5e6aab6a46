/** Groups, their members, invites and requests to join, as they are asked for and shown. */
import { z } from '@hono/zod-openapi';
import { isoOrNull } from '../../clock.ts';
import {
  type GroupView,
  groupRoles,
  type JoinRequest,
  type MemberResult,
  memberAddModes,
} from '../../protocol/groups.ts';
import {
  groupDescriptionMaxChars,
  groupMembersPerRequestMax,
  groupSubjectMaxChars,
  inviteMaxChars,
} from '../limits.ts';
import {
  address,
  isoTime,
  oneChange,
  orNull,
  pageCursor,
  pageLimit,
  pageOf,
  party,
  queryBoolean,
} from './common.ts';

export const subject = z.string().min(1).max(groupSubjectMaxChars);
export const description = z.string().max(groupDescriptionMaxChars);
const participants = z.array(address).min(1).max(groupMembersPerRequestMax);

const ephemeralChoices = [0, 86_400, 604_800, 7_776_000] as const;
const ephemeralSeconds = z.union(ephemeralChoices.map((seconds) => z.literal(seconds))).openapi({
  description: '0 (off), 86400 (a day), 604800 (a week) or 7776000 (90 days).',
});

export const groupSchema = z
  .object({
    id: z.string(),
    subject: z.string(),
    description: z.string().nullable(),
    owner: orNull(party),
    createdAt: isoTime.nullable(),
    participants: z.array(z.object({ party, role: z.enum(groupRoles) })).nullable(),
    size: z.int(),
    announce: z.boolean(),
    locked: z.boolean(),
    ephemeralSeconds: z.int(),
    joinApproval: z.boolean(),
    memberAddMode: z.enum(memberAddModes),
    addressingMode: z.enum(['pn', 'lid']),
    isCommunity: z.boolean(),
    isCommunityAnnounce: z.boolean(),
    community: z.string().nullable(),
  })
  .openapi('Group');

const memberResult = z
  .object({
    input: z.string(),
    party: orNull(party),
    code: z.int(),
    error: z.string().nullable(),
    invite: z.object({ code: z.string(), expiresAt: isoTime.nullable() }).nullable(),
  })
  .openapi('ParticipantResult', {
    description: 'What WhatsApp answered for one participant; 200 is success, 403 may come with an invite.',
  });

export const groupList = pageOf(groupSchema).openapi('GroupList');
export const memberResults = z.object({ results: z.array(memberResult) }).openapi('ParticipantResults');
export const groupCreated = groupSchema.extend({ results: z.array(memberResult) }).openapi('CreatedGroup');
export const groupInvite = z.object({ code: z.string(), url: z.string() }).openapi('GroupInvite');
export const groupJoined = z
  .object({ id: z.string(), status: z.enum(['joined', 'requested']) })
  .openapi('JoinedGroup');
export const joinRequests = pageOf(
  z.object({ party, requestedAt: isoTime.nullable(), method: z.string().nullable() }),
).openapi('JoinRequestList');

export const groupQuery = z.object({ limit: pageLimit, cursor: pageCursor, participants: queryBoolean });

export const groupInput = z
  .strictObject({
    subject,
    participants: z.array(address).max(groupMembersPerRequestMax),
    description: description.optional(),
  })
  .openapi('GroupInput', { example: { subject: 'Cast', participants: ['+55 11 98888-7777'] } });

export const groupChange = z
  .strictObject({
    subject: subject.optional(),
    description: description.nullable().optional(),
    announce: z.boolean().optional(),
    locked: z.boolean().optional(),
    ephemeralSeconds: ephemeralSeconds.optional(),
    joinApproval: z.boolean().optional(),
    memberAddMode: z.enum(memberAddModes).optional(),
  })
  .refine(...oneChange)
  .openapi('GroupChange', { example: { subject: 'Cast of 2026', announce: true } });

export const membersInput = z.strictObject({ participants }).openapi('ParticipantsInput');
export const rolesInput = z
  .strictObject({ action: z.enum(['promote', 'demote']), participants })
  .openapi('ParticipantRolesInput');
export const decisionInput = z
  .strictObject({ action: z.enum(['approve', 'reject']), participants })
  .openapi('JoinDecisionInput');
export const joinInput = z
  .strictObject({ invite: z.string().min(1).max(inviteMaxChars) })
  .openapi('JoinGroupInput', {
    description: 'An invite code or link.',
    example: { invite: 'https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv' },
  });

export const communityInput = z
  .strictObject({ subject, description: description.optional() })
  .openapi('CommunityInput', { example: { subject: 'Theatre', description: 'All groups of the house' } });
export const linkedGroups = pageOf(
  z.object({ id: z.string(), subject: z.string(), size: z.int().nullable() }),
).openapi('LinkedGroupList');

// ---- rendering

export const renderGroup = (group: GroupView) => ({ ...group, createdAt: isoOrNull(group.createdAt) });

export const renderResults = (results: readonly MemberResult[]) =>
  results.map(({ invite, ...result }) => ({
    ...result,
    invite: invite && { code: invite.code, expiresAt: isoOrNull(invite.expiresAt) },
  }));

export const renderInvite = (code: string) => ({ code, url: `https://chat.whatsapp.com/${code}` });

export const renderRequest = (request: JoinRequest) => ({
  ...request,
  requestedAt: isoOrNull(request.requestedAt),
});
