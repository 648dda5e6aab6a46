/**
 * All groups, by JID and by invite code. Made through queries, the control API or the state file.
 */
import { randomBytes } from 'node:crypto';
import type { Group } from './group.ts';

export const newInviteCode = (): string => randomBytes(16).toString('base64url').slice(0, 22);

export interface GroupDraft {
  readonly subject: string;
  readonly creator: string;
  readonly addressing?: 'pn' | 'lid';
  readonly isCommunity?: boolean;
  readonly isDefaultSubGroup?: boolean;
  readonly linkedParent?: string | null;
}

export class Groups {
  readonly #byJid = new Map<string, Group>();
  /** Numbers whose privacy settings let nobody add them: an invite is answered instead. */
  readonly unaddable = new Set<string>();
  #next = 1;

  create(draft: GroupDraft, nowS: number): Group {
    const group: Group = {
      jid: `120363${String(nowS).slice(-7)}${String(this.#next++).padStart(5, '0')}@g.us`,
      creation: nowS,
      creator: draft.creator,
      addressing: draft.addressing ?? 'lid',
      subject: draft.subject,
      subjectAt: nowS,
      subjectBy: draft.creator,
      description: null,
      members: new Map([[draft.creator, 'superadmin']]),
      requests: new Map(),
      inviteCode: newInviteCode(),
      isAnnouncement: draft.isDefaultSubGroup ?? false,
      isLocked: false,
      ephemeralSeconds: 0,
      addMode: 'all_member_add',
      hasApproval: false,
      isCommunity: draft.isCommunity ?? false,
      isDefaultSubGroup: draft.isDefaultSubGroup ?? false,
      linkedParent: draft.linkedParent ?? null,
    };
    return this.add(group);
  }

  add(group: Group): Group {
    this.#byJid.set(group.jid, group);
    return group;
  }

  remove(jid: string): void {
    this.#byJid.delete(jid);
  }

  find(jid: string): Group | null {
    return this.#byJid.get(jid) ?? null;
  }

  byInvite(code: string): Group | null {
    return this.all().find((group) => group.inviteCode === code) ?? null;
  }

  ofMember(number: string): Group[] {
    return this.all().filter((group) => group.members.has(number));
  }

  subGroupsOf(community: string): Group[] {
    return this.all().filter((group) => group.linkedParent === community);
  }

  all(): Group[] {
    return [...this.#byJid.values()];
  }
}
