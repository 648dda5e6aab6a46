/** How a party is encoded inside the rows of messages. */
import type { Party } from '../../protocol/message.ts';

export type PartyRow = readonly [jid: string, pn: string | null, lid: string | null];
export const toPartyRow = ({ jid, pn, lid }: Party): PartyRow => [jid, pn, lid];
export const fromPartyRow = ([jid, pn, lid]: PartyRow): Party => ({ jid, pn, lid });
