/** Baileys' group metadata as the API's group, every party with both its addresses. Pure but for the mapping. */
import type { GroupMetadata, GroupParticipant } from '@whiskeysockets/baileys';
import type { GroupMember, GroupView } from '../protocol/groups.ts';
import type { ActionContext } from './action-context.ts';

type Parties = Pick<ActionContext, 'party'>;

const msOf = (seconds: number | undefined): number | null =>
  seconds !== undefined && Number.isFinite(seconds) ? seconds * 1_000 : null;

/** The other address of a participant, as the group's own list has it. */
export const otherOf = ({ phoneNumber, lid }: GroupParticipant): string | null => phoneNumber ?? lid ?? null;

async function memberOf({ party }: Parties, participant: GroupParticipant): Promise<GroupMember> {
  return { party: await party(participant.id, otherOf(participant)), role: participant.admin ?? 'member' };
}

export async function groupView(
  parties: Parties,
  metadata: GroupMetadata,
  withParticipants: boolean,
): Promise<GroupView> {
  const { owner, ownerPn, desc, participants } = metadata;
  return {
    id: metadata.id,
    subject: metadata.subject ?? '',
    description: desc ? desc : null,
    owner: owner ? await parties.party(owner, ownerPn ?? null) : null,
    createdAt: msOf(metadata.creation),
    participants: withParticipants
      ? await Promise.all(participants.map((participant) => memberOf(parties, participant)))
      : null,
    size: metadata.size ?? participants.length,
    announce: metadata.announce ?? false,
    locked: metadata.restrict ?? false,
    ephemeralSeconds: metadata.ephemeralDuration ?? 0,
    joinApproval: metadata.joinApprovalMode ?? false,
    memberAddMode: metadata.memberAddMode ? 'everyone' : 'admins',
    addressingMode: metadata.addressingMode === 'lid' ? 'lid' : 'pn',
    isCommunity: metadata.isCommunity ?? false,
    isCommunityAnnounce: metadata.isCommunityAnnounce ?? false,
    community: metadata.linkedParent ?? null,
  };
}
