/**
 * What an open instance can be asked beside sending: one typed map a capability, merged here. Each action is a
 * kind with an input and a reply, plain data; `Commands.perform` takes it through the owning shard to the
 * handler in `src/whatsapp/` (`actions.ts` there). Front ends know these, never the socket.
 */
import type { BlocklistActions } from './blocklist.ts';
import type { CallActions } from './calls.ts';
import type { ChatActions } from './chat-changes.ts';
import type { CommunityActions } from './communities.ts';
import type { ContactActions } from './contacts.ts';
import type { GroupActions } from './groups.ts';
import type { LabelActions } from './labels.ts';
import type { MediaActions } from './media.ts';
import type { MessageActions } from './message-actions.ts';
import type { NewsletterActions } from './newsletters.ts';
import type { PresenceActions } from './presences.ts';
import type { ProfileActions } from './profile.ts';

export interface Actions
  extends BlocklistActions,
    CallActions,
    ChatActions,
    CommunityActions,
    ContactActions,
    GroupActions,
    LabelActions,
    MediaActions,
    MessageActions,
    NewsletterActions,
    PresenceActions,
    ProfileActions {}

export type ActionKind = keyof Actions;
export type ActionInput<K extends ActionKind> = Actions[K]['input'];
export type ActionReply<K extends ActionKind> = Actions[K]['reply'];

/** One action as it crosses threads. */
export interface Action<K extends ActionKind = ActionKind> {
  readonly kind: K;
  readonly input: ActionInput<K>;
}
