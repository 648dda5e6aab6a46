/**
 * What the WASM bridge reads and writes for one virtual device: synchronous maps. Called by
 * `device.ts` only. Session records are stored as raw bytes and never as bridge objects, which leak.
 */
import type { SessionRecord, SignalStorage } from 'whatsapp-rust-bridge';
import { typed } from './curve.ts';
import type { DeviceKeys } from './device.ts';

interface RawStorage extends SignalStorage {
  /** Not in the bridge's types: preferred over `storeSession` when present. */
  storeSessionRaw(address: string, record: Uint8Array): void;
}

const bridgePair = (pair: { publicKey: Uint8Array; privateKey: Uint8Array }) => ({
  pubKey: typed(pair.publicKey),
  privKey: pair.privateKey,
});

export function makeStorage(
  keys: DeviceKeys,
  sessions: Map<string, Uint8Array>,
  senderKeys: Map<string, Uint8Array>,
): RawStorage {
  return {
    loadSession: (address) => sessions.get(address) ?? null,
    storeSession: (address: string, record: SessionRecord) => void sessions.set(address, record.serialize()),
    storeSessionRaw: (address, record) => void sessions.set(address, Uint8Array.from(record)),
    getOurIdentity: () => bridgePair(keys.identity),
    getOurRegistrationId: () => keys.registrationId,
    isTrustedIdentity: () => true,
    loadPreKey: (id) => bridgePair(keys.oneTimePair(id)),
    removePreKey: () => undefined,
    loadSignedPreKey: () => ({
      keyId: keys.signedPreKey.id,
      keyPair: bridgePair(keys.signedPreKey.pair),
      signature: keys.signedPreKey.signature,
    }),
    loadSenderKey: (keyId) => senderKeys.get(keyId) ?? null,
    storeSenderKey: (keyId, record) => void senderKeys.set(keyId, Uint8Array.from(record)),
  };
}
