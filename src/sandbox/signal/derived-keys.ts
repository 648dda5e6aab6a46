/**
 * Signal keys that follow from the sandbox's secret and a name: nothing is stored per contact, and the
 * same contact has the same identity after a restart. Used for contacts and for the phones of accounts.
 */
import { createHmac } from 'node:crypto';
import { derivePair, sign, typed } from './curve.ts';
import type { DeviceKeys, SignedPreKey } from './device.ts';

/** `generation` counts re-installations: a contact with a new identity has the next one. */
export function deriveKeys(secret: Uint8Array, name: string, generation = 0): DeviceKeys {
  const root = createHmac('sha256', secret).update(`device:${name}:${generation}`).digest();
  const identity = derivePair(root, 'identity');
  let signedPreKey: SignedPreKey | null = null;
  return {
    identity,
    registrationId: (root.readUInt16BE(0) & 0x3fff) + 1,
    /** Signed on first use: most contacts never hand out a bundle. */
    get signedPreKey() {
      signedPreKey ??= signPreKey(root, identity.privateKey);
      return signedPreKey;
    },
    oneTimePair: (id) => derivePair(root, `prekey:${id}`),
  };
}

function signPreKey(root: Uint8Array, identityKey: Uint8Array): SignedPreKey {
  const pair = derivePair(root, 'signed-prekey');
  return { id: 1, pair, signature: sign(identityKey, typed(pair.publicKey)) };
}
