/**
 * Key queries (xmlns encrypt): counts, uploads, rotation and bundles for new sessions. Called by the
 * answer table. Each one-time prekey is handed out once.
 */

import type { Companion, PublicSignedPreKey } from '../accounts/companion.ts';
import { takeBundle } from '../messages/virtual-send.ts';
import type { Bundle, SignalDevice } from '../signal/device.ts';
import { parseJid } from '../wire/jid.ts';
import { childBytes, childOf, childrenNamed, type Node, node, uintBytes, uintOf } from '../wire/node.ts';
import type { World } from '../world.ts';
import type { Answerer, Query } from './query.ts';

const keyType = Buffer.from([5]);

function virtualBundle(world: World, device: SignalDevice): Bundle {
  const { identity, registrationId, signedPreKey, oneTimePair } = device.keys;
  const id = world.takePreKeyId();
  return {
    registrationId,
    identityKey: identity.publicKey,
    signedPreKey: { ...signedPreKey, publicKey: signedPreKey.pair.publicKey },
    preKey: { id, publicKey: oneTimePair(id).publicKey },
  };
}

/** The bundle of whoever has that address: an account's phone or companion, or a contact. */
function bundleOf(world: World, jid: string): Bundle | null {
  const { user, device } = parseJid(jid);
  const account = world.accounts.find(user);
  if (!account) {
    const contact = device === 0 ? world.contacts.byJid(jid) : null;
    return contact ? virtualBundle(world, contact.device) : null;
  }
  if (device === 0) return virtualBundle(world, account.phoneDevice);
  const companion = account.companions.get(device);
  return companion ? takeBundle(world, companion) : null;
}

function keyNode(tag: string, key: { id: number; publicKey: Uint8Array; signature?: Uint8Array }): Node {
  const content = [node('id', {}, uintBytes(key.id, 3)), node('value', {}, key.publicKey)];
  if (key.signature) content.push(node('signature', {}, key.signature));
  return node(tag, {}, content);
}

function userNode(jid: string, bundle: Bundle | null): Node {
  if (!bundle) return node('user', { jid }, [node('error', { code: '404', text: 'item-not-found' })]);
  const content = [
    node('registration', {}, uintBytes(bundle.registrationId, 4)),
    node('type', {}, keyType),
    node('identity', {}, bundle.identityKey),
    keyNode('skey', bundle.signedPreKey),
  ];
  if (bundle.preKey) content.push(keyNode('key', bundle.preKey));
  return node('user', { jid }, content);
}

function readSigned(skey: Node | undefined): PublicSignedPreKey {
  return {
    id: uintOf(childBytes(skey, 'id')),
    publicKey: childBytes(skey, 'value'),
    signature: childBytes(skey, 'signature'),
  };
}

function upload(world: World, companion: Companion, iq: Node): void {
  for (const key of childrenNamed(childOf(iq, 'list'), 'key')) {
    companion.preKeys.set(uintOf(childBytes(key, 'id')), childBytes(key, 'value'));
  }
  companion.signedPreKey = readSigned(childOf(iq, 'skey'));
  companion.isAskedForPreKeys = false;
  world.changed();
}

function digest(companion: Companion): Node {
  const ids = [...companion.preKeys.keys()].map((id) => node('id', {}, uintBytes(id, 3)));
  return node('digest', {}, [
    node('registration', {}, uintBytes(companion.keys.registrationId, 4)),
    node('type', {}, keyType),
    node('identity', {}, companion.keys.identityKey),
    keyNode('skey', companion.signedPreKey),
    node('list', {}, ids),
  ]);
}

function read({ world, companion, iq }: Query): Node[] | null {
  if (childOf(iq, 'count')) return [node('count', { value: String(companion.preKeys.size) })];
  if (childOf(iq, 'digest')) return [digest(companion)];
  const users = childrenNamed(childOf(iq, 'key'), 'user').map((user) => user.attrs['jid'] ?? '');
  return [
    node(
      'list',
      {},
      users.map((jid) => userNode(jid, bundleOf(world, jid))),
    ),
  ];
}

export const answerEncryption: Answerer = (query) => {
  const { world, companion, iq } = query;
  if (iq.attrs['type'] === 'get') return read(query);
  const rotation = childOf(iq, 'rotate');
  if (rotation) companion.signedPreKey = readSigned(childOf(rotation, 'skey'));
  else if (childOf(iq, 'list')) upload(world, companion, iq);
  return null;
};
