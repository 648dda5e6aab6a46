/**
 * Privacy settings, trusted-contact tokens and the block list. Called by the answer table; what is set
 * here is kept per account.
 */
import { deliverToAll } from '../accounts/delivery.ts';
import { serverJid } from '../wire/jid.ts';
import { childOf, childrenNamed, type Node, node } from '../wire/node.ts';
import type { Answerer, Query } from './query.ts';

const defaults: Readonly<Record<string, string>> = {
  readreceipts: 'all',
  profile: 'all',
  status: 'all',
  online: 'all',
  last: 'all',
  groupadd: 'all',
  calladd: 'all',
  messages: 'all',
};

function settings({ companion }: Query): Node[] {
  const all = { ...defaults, ...Object.fromEntries(companion.account.privacy) };
  return Object.entries(all).map(([name, value]) => node('category', { name, value }));
}

export const answerPrivacy: Answerer = (query) => {
  const { world, companion, iq } = query;
  if (childOf(iq, 'tokens')) return [node('tokens')];
  if (iq.attrs['type'] === 'get') return [node('privacy', {}, settings(query))];
  for (const { attrs } of childrenNamed(childOf(iq, 'privacy'), 'category')) {
    companion.account.privacy.set(attrs['name'] ?? '', attrs['value'] ?? '');
  }
  world.changed();
  return [node('privacy', {}, settings(query))];
};

function block({ world, companion, iq }: Query): void {
  const { account } = companion;
  const item = childOf(iq, 'item');
  const { action = '', jid = '' } = item?.attrs ?? {};
  if (action === 'block') account.blocked.add(jid);
  else account.blocked.delete(jid);
  world.changed();
  const attrs = { from: serverJid, type: 'account_sync', id: world.stanzaId('N'), t: world.nowSeconds() };
  const change = node('blocklist', { action: 'modify' }, [node('item', { action, jid })]);
  deliverToAll(world, account.companions.values(), node('notification', attrs, [change]), companion);
}

export const answerBlocklist: Answerer = (query) => {
  if (query.iq.attrs['type'] === 'set') block(query);
  const items = [...query.companion.account.blocked].map((jid) => node('item', { jid }));
  return [node('list', {}, items)];
};
