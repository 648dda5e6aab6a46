/**
 * What a message shows, as a part of the rows of messages and of sent ones. Position is meaning, and others follow:
 * nothing may be added here.
 */
import type {
  MediaView,
  MessageError,
  MessageStatus,
  MessageView,
  Party,
  QuoteView,
} from '../../protocol/message.ts';

type PartyRow = readonly [jid: string, pn: string | null, lid: string | null];
const toPartyRow = ({ jid, pn, lid }: Party): PartyRow => [jid, pn, lid];
const fromPartyRow = ([jid, pn, lid]: PartyRow): Party => ({ jid, pn, lid });

export type StateRow = readonly [status: MessageStatus, statusAt: number, error: MessageError | null];
export type ViewRow = readonly [
  chat: PartyRow,
  from: PartyRow,
  to: PartyRow,
  type: string,
  text: string | null,
  media: MediaView | null,
  quote: QuoteView | null,
  timestamp: number,
  ...state: StateRow,
];

export const viewMembers = 11;

export const toStateRow = ({ status, statusAt, error }: MessageView): StateRow => [status, statusAt, error];

export const toViewRow = (view: MessageView): ViewRow => [
  toPartyRow(view.chat),
  toPartyRow(view.from),
  toPartyRow(view.to),
  view.type,
  view.text,
  view.media,
  view.quote,
  view.timestamp,
  ...toStateRow(view),
];

/** Takes longer rows, too: what follows is somebody else's. */
export function fromViewRow(
  row: readonly [...ViewRow, ...unknown[]],
): Omit<MessageView, 'id' | 'instance' | 'fromMe'> {
  const [chat, from, to, type, text, media, quote, timestamp, status, statusAt, error] = row;
  const parties = { chat: fromPartyRow(chat), from: fromPartyRow(from), to: fromPartyRow(to) };
  return { ...parties, type, text, media, quote, timestamp, status, statusAt, error };
}
