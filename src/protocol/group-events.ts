/** What events tell about groups. `at` is an ISO 8601 time, as delivered. */
import type { MemberAddMode } from './groups.ts';
import type { Party } from './message.ts';

export const groupMemberships = ['add', 'remove', 'promote', 'demote', 'leave'] as const;
export type GroupMembership = (typeof groupMemberships)[number];
export const joinRequestActions = ['requested', 'withdrawn', 'rejected'] as const;

/** Only what changed is there. */
export interface GroupChanges {
  readonly created?: true;
  readonly deleted?: true;
  readonly subject?: string;
  readonly description?: string | null;
  readonly announce?: boolean;
  readonly locked?: boolean;
  readonly ephemeralSeconds?: number;
  readonly joinApproval?: boolean;
  readonly memberAddMode?: MemberAddMode;
  /** The new code, where WhatsApp tells it. */
  readonly invite?: string | null;
  readonly picture?: 'changed' | 'removed';
  /** JID of the community that the group was linked to; null: unlinked. */
  readonly community?: string | null;
}

interface AboutGroup {
  readonly chat: Party;
  /** Who did it; null where WhatsApp does not say. */
  readonly author: Party | null;
  readonly at: string;
}

interface WithMembers {
  readonly participants: readonly Party[];
  /** How it came: `invite`, `invite_link`, …, as WhatsApp says it. */
  readonly method: string | null;
}

export interface GroupEventData {
  'group.updated': AboutGroup & { readonly changes: GroupChanges };
  'group.participants': AboutGroup & WithMembers & { readonly action: GroupMembership };
  'group.join_request': AboutGroup & WithMembers & { readonly action: (typeof joinRequestActions)[number] };
}
