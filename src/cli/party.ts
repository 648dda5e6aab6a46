/** How the commands for people show who somebody is: the number where it is known. */
interface Party {
  readonly jid: string;
  readonly pn: string | null;
}

/** `+5511988887777`, else the address as it is. */
export function shownParty(party: Party): string {
  const digits = /^(\d+)@/.exec(party.pn ?? '')?.[1];
  return digits === undefined ? (party.pn ?? party.jid) : `+${digits}`;
}
