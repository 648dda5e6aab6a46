/**
 * What Baileys asks about a stored session and a first message, read from their bytes (libsignal's
 * RecordStructure and PreKeySignalMessage). Called by the repository; never changes a record.
 */
import { protobufBytes, protobufNumber } from './protobuf-fields.ts';

const currentSessionField = 1;
const remoteRegistrationField = 10;
const baseKeyField = 13;
const senderChainField = 6;
const identityField = 3;
const typedKeyBytes = 33;
const messageVersion = 3;

export function hasOpenSession(record: Uint8Array): boolean {
  const current = protobufBytes(record, currentSessionField);
  return current !== undefined && protobufBytes(current, senderChainField) !== undefined;
}

export interface SessionInfo {
  readonly baseKey: Uint8Array;
  readonly registrationId: number;
}

export function sessionInfo(record: Uint8Array): SessionInfo | null {
  const current = protobufBytes(record, currentSessionField);
  if (!current) return null;
  const baseKey = protobufBytes(current, baseKeyField);
  const registrationId = protobufNumber(current, remoteRegistrationField);
  return baseKey && registrationId !== undefined
    ? { baseKey: new Uint8Array(baseKey), registrationId }
    : null;
}

/** The sender's identity key (33 bytes) in a first message (`pkmsg`). */
export function identityOfFirstMessage(ciphertext: Uint8Array): Uint8Array | undefined {
  const version = ciphertext[0];
  if (version === undefined || (version & 0x0f) !== messageVersion) return undefined;
  const identity = protobufBytes(ciphertext.subarray(1), identityField);
  return identity?.length === typedKeyBytes ? new Uint8Array(identity) : undefined;
}
