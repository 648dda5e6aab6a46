/**
 * Groups: made, read, changed, their members, invites and requests to join. Addresses in inputs are as the
 * caller wrote them; times are ms since the Unix epoch.
 */
import type { Party } from './message.ts';

export const groupRoles = ['member', 'admin', 'superadmin'] as const;
export type GroupRole = (typeof groupRoles)[number];
export const memberAddModes = ['admins', 'everyone'] as const;
export type MemberAddMode = (typeof memberAddModes)[number];
export const memberActions = ['add', 'remove', 'promote', 'demote'] as const;
export type MemberAction = (typeof memberActions)[number];

export interface GroupMember {
  readonly party: Party;
  readonly role: GroupRole;
}

export interface GroupView {
  readonly id: string;
  readonly subject: string;
  readonly description: string | null;
  readonly owner: Party | null;
  readonly createdAt: number | null;
  /** null where they were not asked for or WhatsApp does not tell. */
  readonly participants: readonly GroupMember[] | null;
  readonly size: number;
  readonly announce: boolean;
  readonly locked: boolean;
  /** 0: messages stay. */
  readonly ephemeralSeconds: number;
  readonly joinApproval: boolean;
  readonly memberAddMode: MemberAddMode;
  readonly addressingMode: 'pn' | 'lid';
  readonly isCommunity: boolean;
  /** The group of a community in which its admins announce. */
  readonly isCommunityAnnounce: boolean;
  /** JID of the community that it is linked to. */
  readonly community: string | null;
}

export interface GroupChange {
  readonly subject?: string | undefined;
  /** Empty or null removes it. */
  readonly description?: string | null | undefined;
  readonly announce?: boolean | undefined;
  readonly locked?: boolean | undefined;
  readonly ephemeralSeconds?: number | undefined;
  readonly joinApproval?: boolean | undefined;
  readonly memberAddMode?: MemberAddMode | undefined;
}

/** What WhatsApp answered for one participant; 200 is success. */
export interface MemberResult {
  readonly input: string;
  /** null where the address is not on WhatsApp. */
  readonly party: Party | null;
  readonly code: number;
  readonly error: string | null;
  /** For a person whose privacy keeps them from being added (403): an invite that can be sent to them. */
  readonly invite: { readonly code: string; readonly expiresAt: number | null } | null;
}

export interface GroupPage {
  readonly items: readonly GroupView[];
  readonly next: string | null;
}

export interface JoinRequest {
  readonly party: Party;
  readonly requestedAt: number | null;
  /** `invite_link`, `non_admin_add`, …, as WhatsApp says it. */
  readonly method: string | null;
}

interface OfGroup {
  readonly gid: string;
}

export interface GroupActions {
  CreateGroup: {
    readonly input: {
      readonly subject: string;
      readonly participants: readonly string[];
      readonly description: string | null;
    };
    readonly reply: { readonly group: GroupView; readonly results: readonly MemberResult[] };
  };
  ListGroups: {
    readonly input: {
      readonly limit: number;
      readonly cursor: string | null;
      readonly withParticipants: boolean;
    };
    readonly reply: GroupPage;
  };
  GetGroup: { readonly input: OfGroup; readonly reply: GroupView };
  UpdateGroup: { readonly input: OfGroup & { readonly change: GroupChange }; readonly reply: GroupView };
  LeaveGroup: { readonly input: OfGroup; readonly reply: null };
  SetGroupPicture: {
    /** A square JPEG; null removes the picture. */
    readonly input: OfGroup & { readonly image: Uint8Array | null };
    readonly reply: null;
  };
  ChangeMembers: {
    readonly input: OfGroup & { readonly action: MemberAction; readonly participants: readonly string[] };
    readonly reply: readonly MemberResult[];
  };
  GetGroupInvite: { readonly input: OfGroup; readonly reply: string };
  RevokeGroupInvite: { readonly input: OfGroup; readonly reply: string };
  /** `invite` is a code or a link. */
  JoinGroup: {
    readonly input: { readonly invite: string };
    readonly reply: { readonly id: string; readonly status: 'joined' | 'requested' };
  };
  GetInvitedGroup: { readonly input: { readonly invite: string }; readonly reply: GroupView };
  ListJoinRequests: { readonly input: OfGroup; readonly reply: readonly JoinRequest[] };
  DecideJoinRequests: {
    readonly input: OfGroup & {
      readonly action: 'approve' | 'reject';
      readonly participants: readonly string[];
    };
    readonly reply: readonly MemberResult[];
  };
}
