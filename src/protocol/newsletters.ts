/** Newsletters (WhatsApp Channels): made, read, followed, muted, changed, deleted. Times are ms since the Unix epoch. */
import type { MediaView } from './message.ts';

export const newsletterRoles = ['owner', 'admin', 'subscriber', 'guest'] as const;
export type NewsletterRole = (typeof newsletterRoles)[number];

/** What WhatsApp does not tell is null. */
export interface NewsletterView {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  /** The code of its link. */
  readonly invite: string | null;
  readonly followers: number | null;
  readonly verified: boolean;
  /** What this account is to it. */
  readonly role: NewsletterRole | null;
  readonly muted: boolean | null;
  /** `active`, `suspended`, …, as WhatsApp says it. */
  readonly state: string | null;
  readonly createdAt: number | null;
}

export interface NewsletterMessage {
  /** Counts up within the newsletter. */
  readonly serverId: number;
  readonly id: string | null;
  readonly type: string;
  readonly text: string | null;
  readonly media: MediaView | null;
  readonly timestamp: number | null;
  readonly views: number | null;
  readonly reactions: readonly { readonly emoji: string; readonly count: number }[];
}

/** Newest first; `next` is the `before` of the page with older ones. */
export interface NewsletterMessagePage {
  readonly items: readonly NewsletterMessage[];
  readonly next: string | null;
}

export interface NewsletterChange {
  readonly name?: string | undefined;
  /** Empty or null removes it. */
  readonly description?: string | null | undefined;
}

interface OfNewsletter {
  readonly nid: string;
}

export interface NewsletterActions {
  CreateNewsletter: {
    readonly input: { readonly name: string; readonly description: string | null };
    readonly reply: NewsletterView;
  };
  GetNewsletter: { readonly input: OfNewsletter; readonly reply: NewsletterView };
  GetInvitedNewsletter: { readonly input: { readonly code: string }; readonly reply: NewsletterView };
  UpdateNewsletter: {
    readonly input: OfNewsletter & { readonly change: NewsletterChange };
    readonly reply: NewsletterView;
  };
  DeleteNewsletter: { readonly input: OfNewsletter; readonly reply: null };
  FollowNewsletter: { readonly input: OfNewsletter & { readonly on: boolean }; readonly reply: null };
  MuteNewsletter: { readonly input: OfNewsletter & { readonly on: boolean }; readonly reply: null };
  ListNewsletterMessages: {
    readonly input: OfNewsletter & { readonly limit: number; readonly before: number | null };
    readonly reply: NewsletterMessagePage;
  };
}
