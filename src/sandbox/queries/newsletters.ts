/**
 * GraphQL queries (xmlns w:mex) by query id, as Baileys 7.0.0-rc14 sends them, and newsletter reads.
 * Called by the answer table. An unknown query is answered with a GraphQL error.
 */

import { personByJid } from '../contacts/directory.ts';
import type { Newsletter } from '../newsletters/newsletters.ts';
import { listedNode } from '../newsletters/publish.ts';
import { childOf, type Node, node, textOf } from '../wire/node.ts';
import { type Answerer, type Query, refusal } from './query.ts';

interface Variables {
  readonly newsletter_id?: string;
  readonly user_id?: string;
  readonly input?: { readonly name?: string; readonly description?: string | null; readonly key?: string };
  readonly updates?: { readonly name?: string; readonly description?: string };
}

interface MexCall {
  readonly query: Query;
  readonly variables: Variables;
  readonly phone: string;
}

/** The data under its path, or the code of a refusal. */
type MexAnswer = readonly [path: string, data: unknown] | number;

function thread(newsletter: Newsletter, phone: string) {
  const mute = newsletter.muted.has(phone) ? 'ON' : 'OFF';
  const role =
    newsletter.owner === phone ? 'OWNER' : newsletter.followers.has(phone) ? 'SUBSCRIBER' : 'GUEST';
  const text = (value: string) => ({ id: '1', text: value, update_time: String(newsletter.creation) });
  return {
    id: newsletter.jid,
    state: { type: 'ACTIVE' },
    thread_metadata: {
      creation_time: String(newsletter.creation),
      name: text(newsletter.name),
      description: text(newsletter.description),
      invite: newsletter.invite,
      subscribers_count: String(newsletter.followers.size),
      verification: 'UNVERIFIED',
      picture: { id: '0', direct_path: '' },
      settings: { reaction_codes: { value: 'ALL' } },
    },
    viewer_metadata: { mute, role },
  };
}

type OnNewsletter = (newsletter: Newsletter, call: MexCall) => unknown;

/** A call that names an existing newsletter; some are the owner's alone. */
const about =
  (path: string, apply: OnNewsletter, who: 'anyone' | 'owner' = 'anyone') =>
  (call: MexCall): MexAnswer => {
    const { newsletter_id: id, input } = call.variables;
    const newsletter = call.query.world.newsletters.find(id ?? input?.key ?? '');
    if (!newsletter) return 404;
    if (who === 'owner' && newsletter.owner !== call.phone) return 403;
    return [path, apply(newsletter, call)];
  };

const change =
  (apply: (newsletter: Newsletter, phone: string) => void): OnNewsletter =>
  (newsletter, { phone }) => {
    apply(newsletter, phone);
    return { id: newsletter.jid, state: { type: 'ACTIVE' } };
  };

function create({ query, variables, phone }: MexCall): MexAnswer {
  const { name = '', description } = variables.input ?? {};
  const { world } = query;
  const newsletter = world.newsletters.create(name, description ?? '', phone, Number(world.nowSeconds()));
  return ['xwa2_newsletter_create', thread(newsletter, phone)];
}

const update: OnNewsletter = (newsletter, { variables, phone }) => {
  newsletter.name = variables.updates?.name ?? newsletter.name;
  newsletter.description = variables.updates?.description ?? newsletter.description;
  return thread(newsletter, phone);
};

const changeOwner: OnNewsletter = (newsletter, { query, variables }) => {
  const person = personByJid(query.world, variables.user_id ?? '');
  if (person) newsletter.owner = person.number;
  return { id: newsletter.jid };
};

const remove: OnNewsletter = (newsletter, { query }) => {
  query.world.newsletters.remove(newsletter.jid);
  return { id: newsletter.jid, state: { type: 'DELETED' } };
};

const follow = change((newsletter, phone) => void newsletter.followers.add(phone));
const unfollow = change((newsletter, phone) => void newsletter.followers.delete(phone));
const mute = change((newsletter, phone) => void newsletter.muted.add(phone));
const unmute = change((newsletter, phone) => void newsletter.muted.delete(phone));
const limits = { total_quota: 1000, used_quota: 0, cycle_start_timestamp: '0', cycle_end_timestamp: '0' };

const calls: Readonly<Record<string, (call: MexCall) => MexAnswer>> = {
  '8823471724422422': create,
  '24250201037901610': about('xwa2_newsletter_update', update, 'owner'),
  '6563316087068696': about('xwa2_newsletter', (newsletter, { phone }) => thread(newsletter, phone)),
  '9783111038412085': about('xwa2_newsletter_subscribers', ({ followers }) => ({
    subscribers: followers.size,
  })),
  '24404358912487870': about('xwa2_newsletter_join_v2', follow),
  '9767147403369991': about('xwa2_newsletter_leave_v2', unfollow),
  '29766401636284406': about('xwa2_newsletter_mute_v2', mute),
  '9864994326891137': about('xwa2_newsletter_unmute_v2', unmute),
  '7130823597031706': about('xwa2_newsletter_admin', () => ({ admin_count: 1 })),
  '7341777602580933': about('xwa2_newsletter_change_owner', changeOwner, 'owner'),
  '6551828931592903': about('xwa2_newsletter_demote', (newsletter) => ({ id: newsletter.jid })),
  '30062808666639665': about('xwa2_newsletter_delete_v2', remove, 'owner'),
  '23983697327930364': () => ['xwa2_fetch_account_reachout_timelock', { is_active: false }],
  '24503548349331633': () => ['xwa2_message_capping_info', limits],
};

const refusals: Readonly<Record<number, string>> = { 403: 'forbidden', 404: 'newsletter not found' };

const mexError = (code: number) => ({
  errors: [{ message: refusals[code] ?? 'unknown query', extensions: { error_code: code } }],
});

export const answerMex: Answerer = (query) => {
  const request = childOf(query.iq, 'query');
  const { variables = {} } = JSON.parse(textOf(request) || '{}') as { variables?: Variables };
  const call = calls[request?.attrs['query_id'] ?? ''];
  const answer = call?.({ query, variables, phone: query.companion.account.phone }) ?? 400;
  const result = typeof answer === 'number' ? mexError(answer) : { data: { [answer[0]]: answer[1] } };
  query.world.changed();
  return [node('result', {}, Buffer.from(JSON.stringify(result)))];
};

/** The newest ones, or those before a server id. */
function messagesOf(newsletter: Newsletter, attrs: Node['attrs'] = {}): Node {
  const { count = '50', before = 'Infinity' } = attrs;
  const found = newsletter.messages.filter(({ serverId }) => serverId < Number(before)).slice(-Number(count));
  return node(
    'messages',
    { jid: newsletter.jid },
    found.map((message) => listedNode(newsletter, message)),
  );
}

/** Messages are asked of the server, their changes of the newsletter itself. */
export const answerNewsletter: Answerer = ({ world, iq }) => {
  const asked = childOf(iq, 'messages')?.attrs;
  const newsletter = world.newsletters.find(asked?.['jid'] ?? asked?.['key'] ?? iq.attrs['to'] ?? '');
  if (!newsletter) return refusal(404, 'item-not-found');
  if (asked) return [messagesOf(newsletter, asked)];
  if (childOf(iq, 'live_updates')) return [node('live_updates', { duration: '300' })];
  return [node('message_updates', {}, [messagesOf(newsletter, childOf(iq, 'message_updates')?.attrs)])];
};
