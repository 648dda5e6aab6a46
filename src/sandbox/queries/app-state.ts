/**
 * App state sync: keeps the encrypted patches that companions write, hands out what they have not seen,
 * and tells the account's other companions. It never decrypts a patch.
 */
import type { Account, Collection } from '../accounts/account.ts';
import { deliverToAll } from '../accounts/delivery.ts';
import { serverJid } from '../wire/jid.ts';
import { bytesOf, childOf, childrenNamed, type Node, node } from '../wire/node.ts';
import { proto } from '../wire/proto.ts';
import type { Answerer, Query } from './query.ts';

function collectionOf(account: Account, name: string): Collection {
  const known = account.collections.get(name);
  if (known) return known;
  const collection = { version: 0, patches: [] };
  account.collections.set(name, collection);
  return collection;
}

/** Stored with its version, as the server does: a reader cannot tell it from the answer alone. */
function withVersion(patch: Buffer, version: number): Uint8Array {
  const decoded = proto.SyncdPatch.decode(patch);
  decoded.version = { version };
  return proto.SyncdPatch.encode(decoded).finish();
}

function conflict(name: string): Node {
  return node('collection', { name, type: 'error' }, [node('error', { code: '409', text: 'conflict' })]);
}

function write({ world, companion }: Query, request: Node, patch: Node): Node {
  const { name = '', version = '0' } = request.attrs;
  const collection = collectionOf(companion.account, name);
  if (Number(version) !== collection.version) return conflict(name);
  collection.version += 1;
  collection.patches.push(withVersion(bytesOf(patch), collection.version));
  world.changed();
  const attrs = { from: serverJid, type: 'server_sync', id: world.stanzaId('S'), t: world.nowSeconds() };
  const news = node('collection', { name, version: String(collection.version) });
  deliverToAll(world, companion.account.companions.values(), node('notification', attrs, [news]), companion);
  return node('collection', { name, version: String(collection.version) });
}

function read(account: Account, request: Node): Node {
  const { name = '', version = '0' } = request.attrs;
  const collection = collectionOf(account, name);
  const unseen = collection.patches.slice(Number(version)).map((patch) => node('patch', {}, patch));
  const content = unseen.length > 0 ? [node('patches', {}, unseen)] : undefined;
  return node(
    'collection',
    { name, version: String(collection.version), has_more_patches: 'false' },
    content,
  );
}

export const answerAppState: Answerer = (query) => {
  const collections = childrenNamed(childOf(query.iq, 'sync'), 'collection').map((request) => {
    const patch = childOf(request, 'patch');
    return patch ? write(query, request, patch) : read(query.companion.account, request);
  });
  return [node('sync', {}, collections)];
};
