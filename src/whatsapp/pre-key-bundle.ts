/**
 * Refuses a pre-key bundle with a member missing before it reaches the WASM bridge, which would throw outside of
 * its promise: uncaught, and the whole shard with it. Whether keys and signature hold is the bridge's to say.
 * Called by `signal-repository.ts` before a session is made.
 */
import { SignalError } from './signal-errors.ts';

type Member = readonly [name: string, isThere: boolean];

interface Key {
  readonly keyId?: unknown;
  readonly publicKey?: unknown;
}

const isUint = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0;
const isBytes = (value: unknown): boolean => value instanceof Uint8Array;

const keyMembers = (name: string, key: Key | undefined): Member[] => [
  [`${name}.keyId`, isUint(key?.keyId)],
  [`${name}.publicKey`, isBytes(key?.publicKey)],
];

/** Throws `SignalError` that names what is missing. A bundle may come without a one-time pre-key. */
export function assertPreKeyBundle(bundle: {
  readonly registrationId?: unknown;
  readonly identityKey?: unknown;
  readonly signedPreKey?: Key & { readonly signature?: unknown };
  readonly preKey?: Key | null;
}): void {
  const members: Member[] = [
    ['registrationId', isUint(bundle.registrationId)],
    ['identityKey', isBytes(bundle.identityKey)],
    ...keyMembers('signedPreKey', bundle.signedPreKey),
    ['signedPreKey.signature', isBytes(bundle.signedPreKey?.signature)],
    ...(bundle.preKey ? keyMembers('preKey', bundle.preKey) : []),
  ];
  const missing = members.filter(([, isThere]) => !isThere).map(([name]) => name);
  if (missing.length > 0) throw new SignalError(`a pre-key bundle came without ${missing.join(', ')}`, false);
}
