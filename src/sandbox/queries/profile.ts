/**
 * Pictures, about texts, the default disappearing mode and business profiles. Called by the answer table.
 */
import { deliverToAll } from '../accounts/delivery.ts';
import { personByJid } from '../contacts/directory.ts';
import { mayEdit } from '../groups/group.ts';
import { isGroup } from '../wire/jid.ts';
import { bytesOf, childOf, type Node, node, textOf } from '../wire/node.ts';
import { type Answer, type Answerer, type Query, refusal } from './query.ts';

/** Number or group JID that a picture query is about; null where there is nobody. */
function ownerOf({ world, companion, iq }: Query): string | null {
  const { target } = iq.attrs;
  if (target === undefined) return companion.account.phone;
  return isGroup(target) ? target : (personByJid(world, target)?.number ?? null);
}

function announcePicture({ world, companion }: Query, owner: string, id: string | null): void {
  const group = world.groups.find(owner);
  const author = companion.account.lidJid;
  const change = id === null ? node('delete', { author }) : node('set', { id, author });
  const from = group ? group.jid : companion.account.pn;
  const attrs = { from, type: 'picture', id: world.stanzaId('N'), t: world.nowSeconds() };
  for (const number of group ? group.members.keys() : [companion.account.phone]) {
    const account = world.accounts.find(number);
    const except = group ? undefined : companion;
    if (account)
      deliverToAll(world, account.companions.values(), node('notification', attrs, [change]), except);
  }
}

/** The server takes no other format. */
const isJpeg = (bytes: Buffer): boolean => bytes[0] === 0xff && bytes[1] === 0xd8;

function changePicture(query: Query, owner: string): Answer {
  const { world, companion, iq } = query;
  const group = world.groups.find(owner);
  const isMine = owner === companion.account.phone;
  if (!isMine && !(group && mayEdit(group, companion.account.phone))) return refusal(403, 'forbidden');
  const picture = childOf(iq, 'picture');
  if (!picture) {
    world.pictures.remove(owner);
    announcePicture(query, owner, null);
    return null;
  }
  const bytes = bytesOf(picture);
  if (!isJpeg(bytes)) return refusal(406, 'not-acceptable');
  const { id } = world.pictures.set(world, owner, bytes);
  announcePicture(query, owner, id);
  return [node('picture', { id })];
}

export const answerPicture: Answerer = (query) => {
  const { world, iq } = query;
  const owner = ownerOf(query);
  if (owner === null) return refusal(404, 'item-not-found');
  if (iq.attrs['type'] === 'set') return changePicture(query, owner);
  const picture = world.pictures.find(owner);
  if (!picture) return refusal(404, 'item-not-found');
  const { id, url, path } = picture;
  return [node('picture', { id, url, direct_path: path, type: childOf(iq, 'picture')?.attrs['type'] })];
};

export const answerAbout: Answerer = ({ world, companion, iq }) => {
  const about = childOf(iq, 'status');
  if (about) companion.account.about = textOf(about);
  world.changed();
  return null;
};

export const answerDisappearing: Answerer = ({ world, companion, iq }) => {
  companion.account.disappearingSeconds = Number(childOf(iq, 'disappearing_mode')?.attrs['duration'] ?? 0);
  world.changed();
  return null;
};

/** Nobody here is a business, except contacts whose number ends in 77. */
export const answerBusiness: Answerer = ({ world, iq }) => {
  const asked = childOf(childOf(iq, 'business_profile'), 'profile')?.attrs['jid'] ?? '';
  const person = personByJid(world, asked);
  if (!person?.number.endsWith('77')) return [node('business_profile', { v: '244' })];
  const text = (tag: string, value: string): Node => node(tag, {}, Buffer.from(value));
  const profile = node('profile', { jid: asked }, [
    text('address', 'Rua do Teatro, 1'),
    text('description', `Business ${person.name}`),
    text('website', 'https://example.com'),
    text('email', 'contact@example.com'),
    node('categories', {}, [text('category', 'Theatre')]),
  ]);
  return [node('business_profile', { v: '244' }, [profile])];
};

export const answerBots: Answerer = () => [node('bot', { v: '2' }, [node('section', { type: 'all' })])];
