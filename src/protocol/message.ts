/**
 * Messages and parties as the API shows them, and what can be sent. Times are ms since the Unix epoch
 * between actors; the HTTP front renders them as ISO 8601.
 */
import type { ErrorCode } from '../errors.ts';
import type { LinkPreview, MediaKind, PreparedMedia } from './media.ts';

/** One person, group or list: `jid` as WhatsApp addressed it, `pn` and `lid` where known. */
export interface Party {
  readonly jid: string;
  readonly pn: string | null;
  readonly lid: string | null;
}

export const messageStatuses = ['queued', 'sent', 'delivered', 'read', 'played', 'failed'] as const;
export type MessageStatus = (typeof messageStatuses)[number];

export interface MediaView {
  readonly mimetype: string;
  readonly size: number | null;
  readonly sha256: string | null;
  readonly filename: string | null;
  readonly seconds: number | null;
  readonly width: number | null;
  readonly height: number | null;
}

export interface QuoteView {
  readonly id: string;
  readonly from: Party | null;
  readonly type: string;
  readonly text: string | null;
}

export interface MessageError {
  readonly code: ErrorCode;
  /** WhatsApp's own code, for example 463 or 479. */
  readonly whatsappCode: number | null;
  readonly message: string;
}

/** A message as stored and answered. `type` is `text`, `image`, … or `unsupported`. */
export interface MessageView {
  readonly id: string;
  readonly instance: string;
  readonly chat: Party;
  readonly from: Party;
  readonly to: Party;
  readonly fromMe: boolean;
  readonly type: string;
  readonly text: string | null;
  readonly media: MediaView | null;
  readonly quote: QuoteView | null;
  readonly timestamp: number;
  readonly status: MessageStatus;
  readonly statusAt: number;
  readonly error: MessageError | null;
}

/** `message.received` data: the message, the sender's own name, and whether it came from the offline queue. */
export interface ReceivedMessage extends MessageView {
  readonly pushName: string | null;
  readonly offline: boolean;
}

/** Addresses as the caller wrote them; `all`: everybody in the group that it goes to. */
export type Mentions = readonly string[] | 'all';

/** Where status posts go. */
export const statusJid = 'status@broadcast';

/** What a status post has besides. Without an audience the content is a message to its chat. */
interface Postable {
  /** Who sees it: addresses as the caller wrote them, JIDs from when it is encoded. */
  readonly audience?: readonly string[];
}

export const textFonts = [
  'system',
  'text',
  'script',
  'bold',
  'morning_breeze',
  'calistoga',
  'exo',
  'courier_prime',
] as const;
export type TextFont = (typeof textFonts)[number];

/** How a status of text looks. */
export interface TextStyle {
  /** 0xRRGGBB. */
  readonly background: number;
  readonly font: TextFont;
}

export interface TextContent extends Postable {
  readonly type: 'text';
  readonly text: string;
  readonly mentions: Mentions;
  readonly preview?: LinkPreview | null;
  readonly style?: TextStyle;
}

interface MediaContentOf<K extends MediaKind> extends Postable {
  readonly type: K;
  readonly media: PreparedMedia;
  readonly caption: string | null;
  readonly viewOnce: boolean;
  readonly mentions: Mentions;
}

export type MediaContent = { readonly [K in MediaKind]: MediaContentOf<K> }[MediaKind];

export interface Place {
  readonly latitude: number;
  readonly longitude: number;
  readonly name: string | null;
  readonly address: string | null;
}

export interface LocationContent extends Place {
  readonly type: 'location';
}

export interface ContactCard {
  readonly name: string;
  readonly organization: string | null;
  readonly phones: readonly string[];
  readonly emails: readonly string[];
}

export interface ContactContent {
  readonly type: 'contact';
  readonly contacts: readonly ContactCard[];
}

export interface PollContent {
  readonly type: 'poll';
  readonly question: string;
  readonly options: readonly string[];
  /** How many options one may choose; 0: any number. */
  readonly selectable: number;
}

export interface EventContent {
  readonly type: 'event';
  readonly name: string;
  readonly description: string | null;
  readonly startAt: number;
  readonly endAt: number | null;
  readonly place: Place | null;
  readonly isCanceled: boolean;
  readonly guestsAllowed: boolean;
}

/** The message that something is done to, as WhatsApp addresses it. */
export interface TargetKey {
  readonly id: string;
  readonly remoteJid: string;
  readonly fromMe: boolean;
  readonly participant: string | null;
}

export interface EditContent {
  readonly type: 'edit';
  readonly target: TargetKey;
  readonly text: string;
  /** The encoded message whose caption the text becomes; null where the text is all of it. */
  readonly original: Uint8Array | null;
}

/** For everyone; a status post for its audience, which is found where it is sent. */
export interface DeleteContent extends Postable {
  readonly type: 'delete';
  readonly target: TargetKey;
}

export interface ReactionContent {
  readonly type: 'reaction';
  readonly target: TargetKey;
  /** Empty: taken back. */
  readonly emoji: string;
}

export interface PinContent {
  readonly type: 'pin';
  readonly target: TargetKey;
  /** For how long; null: no longer. */
  readonly seconds: number | null;
}

/** A message once more: encoded, as it stood when it was asked for, since it may be gone when it is sent. */
export interface ForwardContent {
  readonly type: 'forward';
  readonly original: Uint8Array;
  /** This account wrote it, so its new copy is not marked as forwarded. */
  readonly isOwn: boolean;
  /** Where its file lies by now, if not where the message says. */
  readonly directPath: string | null;
  readonly shown: Pick<MessageView, 'type' | 'text' | 'media'>;
}

/** What changes another message, and is none itself. */
export type ChangeContent = EditContent | DeleteContent | ReactionContent | PinContent;
export const changeTypes: readonly string[] = ['edit', 'delete', 'reaction', 'pin'];
export const isChangeContent = (content: MessageContent): content is ChangeContent =>
  changeTypes.includes(content.type);

/** What to send; one member a type, each with a composer in `src/whatsapp/compose/`. */
export type MessageContent =
  | TextContent
  | MediaContent
  | LocationContent
  | ContactContent
  | PollContent
  | EventContent
  | ForwardContent
  | ChangeContent;

export const waitModes = ['queued', 'server', 'delivered'] as const;
export type WaitMode = (typeof waitModes)[number];

export interface NumberResult {
  readonly input: string;
  readonly exists: boolean;
  readonly jid: string | null;
  readonly pn: string | null;
  readonly lid: string | null;
  readonly cached: boolean;
}
