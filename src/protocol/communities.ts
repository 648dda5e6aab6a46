/** Communities: made, deactivated, groups linked to them. A community itself is read, changed and left as a group. */
import type { GroupView } from './groups.ts';

export interface LinkedGroup {
  readonly id: string;
  readonly subject: string;
  readonly size: number | null;
}

interface Linking {
  readonly input: { readonly gid: string; readonly group: string };
  readonly reply: null;
}

export interface CommunityActions {
  CreateCommunity: {
    readonly input: { readonly subject: string; readonly description: string | null };
    readonly reply: GroupView;
  };
  ListLinkedGroups: { readonly input: { readonly gid: string }; readonly reply: readonly LinkedGroup[] };
  /** For good, by its owner: its groups stay, unlinked. */
  DeactivateCommunity: { readonly input: { readonly gid: string }; readonly reply: null };
  LinkGroup: Linking;
  UnlinkGroup: Linking;
}
