/** What WhatsApp answers about newsletters, as the API's newsletters and messages. Pure; called by `newsletters.ts`. */
import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildren, proto } from '@whiskeysockets/baileys';
import { type NewsletterMessage, type NewsletterView, newsletterRoles } from '../protocol/newsletters.ts';
import { mediaOf, textOf, typeOf, visibleContent } from './content.ts';

interface RawText {
  readonly text?: string | null;
}

/** A newsletter in an answer of `w:mex`; nothing but its id is certain. */
export interface RawNewsletter {
  readonly id: string;
  readonly state?: { readonly type?: string } | null;
  readonly thread_metadata?: {
    readonly creation_time?: string | null;
    readonly name?: RawText | null;
    readonly description?: RawText | null;
    readonly invite?: string | null;
    readonly subscribers_count?: string | null;
    readonly verification?: string | null;
  } | null;
  readonly viewer_metadata?: { readonly mute?: string; readonly role?: string } | null;
}

/** A whole number as text, or null. */
function count(value: string | null | undefined): number | null {
  return value && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

function msOf(seconds: string | null | undefined): number | null {
  const known = count(seconds);
  return known ? known * 1_000 : null;
}

export function newsletterView(raw: RawNewsletter): NewsletterView {
  const { thread_metadata: thread, viewer_metadata: viewer } = raw;
  return {
    id: raw.id,
    name: thread?.name?.text ?? '',
    description: thread?.description?.text || null,
    invite: thread?.invite ?? null,
    followers: count(thread?.subscribers_count),
    verified: thread?.verification === 'VERIFIED',
    role: newsletterRoles.find((role) => role === viewer?.role?.toLowerCase()) ?? null,
    muted: viewer?.mute === undefined ? null : viewer.mute === 'ON',
    state: raw.state?.type?.toLowerCase() ?? null,
    createdAt: msOf(thread?.creation_time),
  };
}

/** undefined where the message was deleted or is none that can be read: one of these must not spoil a page. */
function contentOf(message: BinaryNode): proto.IMessage | undefined {
  const plain = getBinaryNodeChild(message, 'plaintext')?.content;
  if (!(plain instanceof Uint8Array)) return undefined;
  try {
    return visibleContent(proto.Message.decode(plain));
  } catch {
    return undefined;
  }
}

export function newsletterMessage(message: BinaryNode): NewsletterMessage {
  const { server_id: serverId, id, t } = message.attrs;
  const content = contentOf(message);
  const reactions = getBinaryNodeChildren(getBinaryNodeChild(message, 'reactions'), 'reaction');
  return {
    serverId: count(serverId) ?? 0,
    id: id ?? null,
    type: content ? typeOf(content) : 'unsupported',
    text: content ? textOf(content) : null,
    media: content ? mediaOf(content) : null,
    timestamp: msOf(t),
    views: count(getBinaryNodeChild(message, 'views_count')?.attrs['count']),
    reactions: reactions.map(({ attrs }) => ({
      emoji: attrs['code'] ?? '',
      count: count(attrs['count']) ?? 0,
    })),
  };
}
