/**
 * A group or community as the server keeps it, and who may do what in it. Plain data, so that it can be
 * saved; changed by `changes.ts` and `membership.ts` only.
 */
export type Role = 'member' | 'admin' | 'superadmin';

export interface Group {
  readonly jid: string;
  readonly creation: number;
  /** Number of the creator. */
  readonly creator: string;
  readonly addressing: 'pn' | 'lid';
  subject: string;
  subjectAt: number;
  subjectBy: string;
  description: { id: string; body: string; by: string; at: number } | null;
  /** Role by number. */
  readonly members: Map<string, Role>;
  /** Numbers that ask to join, and since when. */
  readonly requests: Map<string, number>;
  inviteCode: string;
  isAnnouncement: boolean;
  isLocked: boolean;
  ephemeralSeconds: number;
  addMode: 'admin_add' | 'all_member_add';
  hasApproval: boolean;
  readonly isCommunity: boolean;
  readonly isDefaultSubGroup: boolean;
  linkedParent: string | null;
}

export const isAdmin = (group: Group, number: string): boolean => {
  const role = group.members.get(number);
  return role === 'admin' || role === 'superadmin';
};

/** Settings may be changed by admins, and by every member while the group is not locked. */
export const mayEdit = (group: Group, number: string): boolean =>
  isAdmin(group, number) || (group.members.has(number) && !group.isLocked);

export const mayAdd = (group: Group, number: string): boolean =>
  isAdmin(group, number) || (group.members.has(number) && group.addMode === 'all_member_add');

export const mayWrite = (group: Group, number: string): boolean =>
  group.members.has(number) && (!group.isAnnouncement || isAdmin(group, number));
