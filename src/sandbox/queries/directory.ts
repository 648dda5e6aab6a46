/**
 * Directory queries (usync): contacts, devices, LIDs, abouts. Called by the answer table. A LID asked for
 * is answered under the same LID.
 */
import { type Person, personByJid, personByNumber } from '../contacts/directory.ts';
import { isLid, userJid } from '../wire/jid.ts';
import { childOf, childrenNamed, childrenOf, type Node, node, textOf } from '../wire/node.ts';
import type { World } from '../world.ts';
import type { Answerer, Query } from './query.ts';

function deviceList(person: Person): Node {
  const devices = [node('device', { id: '0' })];
  for (const id of person.devices) devices.push(node('device', { id: String(id), 'key-index': String(id) }));
  return node('devices', {}, [node('device-list', { hash: '2:sandbox' }, devices)]);
}

function protocolNode(
  world: World,
  protocol: string,
  person: Person | null,
  asked: string | null,
): Node | null {
  if (protocol === 'contact') return node('contact', { type: person ? 'in' : 'out' });
  if (!person) return null;
  const account = world.accounts.find(person.number);
  switch (protocol) {
    case 'devices':
      return deviceList(person);
    case 'lid':
      return asked !== null && isLid(asked) ? null : node('lid', { val: person.lid });
    case 'status':
      return node('status', { t: '1700000000' }, Buffer.from(account?.about ?? `About ${person.name}`));
    case 'disappearing_mode':
      return node('disappearing_mode', { duration: String(account?.disappearingSeconds ?? 0), t: '0' });
    default:
      return null;
  }
}

function answerUser({ world, companion }: Query, protocols: readonly string[], user: Node): Node | null {
  const number = textOf(childOf(user, 'contact')).replace(/\D/g, '');
  const asked = user.attrs['jid'] ? userJid(user.attrs['jid']) : null;
  const person = asked === null ? personByNumber(world, number) : personByJid(world, asked);
  if (person && protocols.includes('devices')) {
    world.accounts.find(person.number)?.watchers.add(companion.account.phone);
  }
  const answers = protocols.map((protocol) => protocolNode(world, protocol, person, asked));
  const jid = asked ?? person?.pn ?? `${number}@s.whatsapp.net`;
  if (number === '' && asked === null) return null;
  return node(
    'user',
    { jid },
    answers.filter((answer) => answer !== null),
  );
}

export const answerDirectory: Answerer = (query) => {
  const { iq } = query;
  const usync = childOf(iq, 'usync');
  const protocols = childrenOf(childOf(usync, 'query')).map((protocol) => protocol.tag);
  const users = childrenNamed(childOf(usync, 'list'), 'user')
    .map((user) => answerUser(query, protocols, user))
    .filter((user) => user !== null);
  const { sid, mode, context } = usync?.attrs ?? {};
  return [node('usync', { sid, mode, context, index: '0', last: 'true' }, [node('list', {}, users)])];
};
