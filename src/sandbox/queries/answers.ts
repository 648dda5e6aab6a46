/**
 * Which function answers which query, by xmlns. A query that nobody knows gets an empty result and is
 * counted: an unanswered one would hold a Baileys socket for 60 s.
 */
import type { Companion } from '../accounts/companion.ts';
import type { Connection } from '../connections/connection.ts';
import { startDelivery } from '../connections/login.ts';
import { serverJid } from '../wire/jid.ts';
import { childOf, type Node, node } from '../wire/node.ts';
import type { World } from '../world.ts';
import { answerAppState } from './app-state.ts';
import { answerDevice } from './device.ts';
import { answerDirectory } from './directory.ts';
import { answerEncryption } from './encryption.ts';
import { answerGroups } from './groups.ts';
import { answerMedia } from './media.ts';
import { answerMex, answerNewsletter } from './newsletters.ts';
import { answerBlocklist, answerPrivacy } from './privacy.ts';
import { answerAbout, answerBots, answerBusiness, answerDisappearing, answerPicture } from './profile.ts';
import type { Answerer } from './query.ts';
import { answerProps, empty } from './simple.ts';

const answerers: Readonly<Record<string, Answerer>> = {
  'w:p': empty,
  passive: empty,
  encrypt: answerEncryption,
  usync: answerDirectory,
  abt: answerProps,
  privacy: answerPrivacy,
  blocklist: answerBlocklist,
  'w:sync:app:state': answerAppState,
  md: answerDevice,
  'w:g2': answerGroups,
  'w:mex': answerMex,
  newsletter: answerNewsletter,
  'w:profile:picture': answerPicture,
  'w:biz': answerBusiness,
  status: answerAbout,
  disappearing_mode: answerDisappearing,
  bot: answerBots,
  'w:m': answerMedia,
  'w:stats': empty,
  'urn:xmpp:whatsapp:dirty': empty,
};

export function answerQuery(world: World, connection: Connection, companion: Companion, iq: Node): void {
  const { id, type, to = serverJid, xmlns = '' } = iq.attrs;
  if (type === 'result' || type === 'error') return;
  const answerer = answerers[xmlns];
  if (!answerer) {
    world.counters.add('unanswered', companion.account.phone);
    world.log.warn({ xmlns, id }, 'query without an answer');
  }
  const answer = answerer ? answerer({ world, connection, companion, iq }) : [];
  if (answer === null || Array.isArray(answer)) {
    connection.send(node('iq', { from: to, type: 'result', id }, answer ?? undefined));
  } else {
    const error = node('error', { code: String(answer.code), text: answer.text });
    connection.send(node('iq', { from: to, type: 'error', id }, [error]));
  }
  after(world, companion, iq);
}

/** What must follow the answer and not precede it. */
function after(world: World, companion: Companion, iq: Node): void {
  if (iq.attrs['xmlns'] === 'passive' && childOf(iq, 'active')) startDelivery(world, companion);
}
