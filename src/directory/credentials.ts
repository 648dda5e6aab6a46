/**
 * Who may call: the admin key (from the environment, or made at first start and kept as a hash) and instance
 * tokens. Keys are compared as hashes in constant time; the clear admin key is shown once, at its making.
 */
import { equalInConstantTime, randomToken, tokenHash } from '../ids.ts';
import type { Credential } from '../protocol/commands.ts';
import type { Store } from '../store/ports.ts';
import type { Directory } from './directory.ts';

const adminHashSetting = 'adminKeyHash';

export class Credentials {
  #adminHash: string;
  #directory: Directory;

  constructor(adminHash: string, directory: Directory) {
    this.#adminHash = adminHash;
    this.#directory = directory;
  }

  authenticate(key: string): Credential | undefined {
    const hash = tokenHash(key);
    if (equalInConstantTime(hash, this.#adminHash)) return { kind: 'admin' };
    const instance = this.#directory.instanceOfToken(hash);
    return instance === undefined ? undefined : { kind: 'instance', instance };
  }
}

/** `madeKey` is the clear key where this start made it. A key in the environment replaces the stored one. */
export async function loadAdminKey(
  store: Store,
  configured: string | null,
): Promise<{ hash: string; madeKey: string | null }> {
  const stored = await store.instances.setting(adminHashSetting);
  if (configured !== null) return { hash: tokenHash(configured), madeKey: null };
  if (typeof stored === 'string') return { hash: stored, madeKey: null };
  const madeKey = randomToken('elenco');
  const hash = tokenHash(madeKey);
  await store.commit([{ to: 'setting', key: adminHashSetting, value: hash }]);
  return { hash, madeKey };
}
