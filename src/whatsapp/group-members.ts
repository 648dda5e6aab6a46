/**
 * Members of a group and requests to join: changed together, answered one by one, since WhatsApp takes some
 * and refuses others. Called through `actions.ts` and by `groups.ts`.
 */
import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildren } from '@whiskeysockets/baileys';
import { AppError } from '../errors.ts';
import type { JoinRequest, MemberResult } from '../protocol/groups.ts';
import type { Party } from '../protocol/message.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';
import { isSamePerson, parseAddress } from './addresses.ts';
import { groupJid, groupQuery, invalidAt, metadataOf } from './group-query.ts';
import { otherOf } from './group-view.ts';

/** One address of the caller, resolved; `party` is null where it is not on WhatsApp. */
export interface Invited {
  readonly input: string;
  readonly party: Party | null;
}

const errorTexts: Readonly<Record<number, string>> = {
  401: 'has blocked this account',
  403: 'cannot be added because of their privacy settings',
  404: 'is not in the group or not on WhatsApp',
  406: 'is not accepted by WhatsApp',
  408: 'left a short time ago and cannot be added yet',
  409: 'is in the group already',
  419: 'does not fit: the group is full',
  500: 'could not be changed by WhatsApp',
};

function personAddress(input: string, path: string): void {
  try {
    const { kind } = parseAddress(input);
    if (kind === 'phone' || kind === 'person') return;
  } catch (error) {
    throw error instanceof AppError ? invalidAt(path, error.message) : error;
  }
  throw invalidAt(path, `${JSON.stringify(input)} is no person`);
}

export async function invitedOf(context: ActionContext, inputs: readonly string[]): Promise<Invited[]> {
  inputs.forEach((input, index) => {
    personAddress(input, `participants.${index}`);
  });
  const jids = await context.resolveAll(inputs);
  return Promise.all(
    inputs.map(async (input, index) => {
      const jid = jids[index];
      return { input, party: jid ? await context.party(jid) : null };
    }),
  );
}

/** As the group itself addresses its members; strangers as they were resolved. */
async function jidsInGroup(
  context: ActionContext,
  gid: string,
  parties: readonly Party[],
): Promise<string[]> {
  const { participants } = await metadataOf(context, gid);
  const members = await Promise.all(
    participants.map(async (member) => ({
      id: member.id,
      party: await context.party(member.id, otherOf(member)),
    })),
  );
  return parties.map((party) => members.find((member) => isSamePerson(member.party, party))?.id ?? party.jid);
}

function inviteOf(node: BinaryNode): MemberResult['invite'] {
  const { code, expiration } = getBinaryNodeChild(node, 'add_request')?.attrs ?? {};
  return code ? { code, expiresAt: expiration ? Number(expiration) * 1_000 : null } : null;
}

const partyOfNode = ({ attrs }: BinaryNode, { party }: ActionContext): Promise<Party> =>
  party(attrs['jid'] ?? '', attrs['phone_number'] ?? attrs['lid'] ?? null);

const nobody = (input: string): MemberResult => ({
  input,
  party: null,
  code: 404,
  error: `${input} is not on WhatsApp`,
  invite: null,
});

/** One result for each that was asked for, in order; who is not mentioned in the answer succeeded. */
export async function memberResults(
  context: ActionContext,
  invited: readonly Invited[],
  nodes: readonly BinaryNode[],
): Promise<MemberResult[]> {
  const answers = await Promise.all(
    nodes.map(async (node) => ({ node, party: await partyOfNode(node, context) })),
  );
  return invited.map(({ input, party }) => {
    if (!party) return nobody(input);
    const answer = answers.find((candidate) => isSamePerson(candidate.party, party));
    const code = Number(answer?.node.attrs['error'] ?? 200);
    const error = code === 200 ? null : `${input} ${errorTexts[code] ?? `was refused with ${code}`}`;
    const invite = answer ? inviteOf(answer.node) : null;
    return { input, party: answer?.party ?? party, code, error, invite };
  });
}

export const participantNodes = (jids: readonly string[]): BinaryNode[] =>
  jids.map((jid) => ({ tag: 'participant', attrs: { jid } }));

export const present = (invited: readonly Invited[]): Party[] =>
  invited.flatMap(({ party }) => (party ? [party] : []));

async function requestOf({ attrs }: BinaryNode, { party }: ActionContext): Promise<JoinRequest> {
  const at = Number(attrs['request_time'] ?? Number.NaN);
  return {
    party: await party(attrs['jid'] ?? '', attrs['phone_number'] ?? attrs['lid'] ?? null),
    requestedAt: Number.isFinite(at) ? at * 1_000 : null,
    method: attrs['request_method'] ?? null,
  };
}

/** Whoever is removed from a community leaves its groups too, as in WhatsApp's apps. */
async function removalAttrs(context: ActionContext, jid: string): Promise<BinaryNode['attrs']> {
  const { isCommunity } = await metadataOf(context, jid);
  return isCommunity ? { linked_groups: 'true' } : {};
}

export const memberHandlers: HandlersOf<'ChangeMembers' | 'ListJoinRequests' | 'DecideJoinRequests'> = {
  async ChangeMembers({ gid, action, participants }, context) {
    const jid = groupJid(gid);
    const invited = await invitedOf(context, participants);
    const parties = present(invited);
    if (parties.length === 0) return memberResults(context, invited, []);
    const jids =
      action === 'add' ? parties.map((party) => party.jid) : await jidsInGroup(context, jid, parties);
    const attrs = action === 'remove' ? await removalAttrs(context, jid) : {};
    const answer = await groupQuery(context, jid, 'set', [
      { tag: action, attrs, content: participantNodes(jids) },
    ]);
    context.groups.invalidate(jid);
    const answered = getBinaryNodeChildren(getBinaryNodeChild(answer, action), 'participant');
    return memberResults(context, invited, answered);
  },

  async ListJoinRequests({ gid }, context) {
    const tag = 'membership_approval_requests';
    const answer = await groupQuery(context, groupJid(gid), 'get', [{ tag, attrs: {} }]);
    const nodes = getBinaryNodeChildren(getBinaryNodeChild(answer, tag), 'membership_approval_request');
    return Promise.all(nodes.map((node) => requestOf(node, context)));
  },

  async DecideJoinRequests({ gid, action, participants }, context) {
    const jid = groupJid(gid);
    const invited = await invitedOf(context, participants);
    const parties = present(invited);
    if (parties.length === 0) return memberResults(context, invited, []);
    const { addressingMode } = await metadataOf(context, jid);
    const jids = parties.map((party) => (addressingMode === 'lid' ? party.lid : party.pn) ?? party.jid);
    const tag = 'membership_requests_action';
    const decision = { tag: action, attrs: {}, content: participantNodes(jids) };
    const answer = await groupQuery(context, jid, 'set', [{ tag, attrs: {}, content: [decision] }]);
    context.groups.invalidate(jid);
    const decided = getBinaryNodeChild(getBinaryNodeChild(answer, tag), action);
    return memberResults(context, invited, getBinaryNodeChildren(decided, 'participant'));
  },
};
