/**
 * How Baileys' key types become the store's bytes and back: Signal records raw, pre-keys as 64 bytes,
 * app-state keys as protobuf, the rest as JSON. Used by `auth-keys.ts` and the repository only.
 */
import { BufferJSON, proto, type SignalDataTypeMap } from '@whiskeysockets/baileys';
import { assert } from '../assert.ts';

export type KeyType = keyof SignalDataTypeMap;

export const recordKey = (type: KeyType, id: string): string => `${type}:${id}`;

interface KeyCodec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

const curveKeyBytes = 32;

const raw: KeyCodec<Uint8Array> = { encode: (value) => value, decode: (bytes) => bytes };

const text: KeyCodec<string> = {
  encode: (value) => Buffer.from(value, 'utf8'),
  decode: (bytes) => Buffer.from(bytes).toString('utf8'),
};

function json<T>(): KeyCodec<T> {
  return {
    encode: (value) => Buffer.from(JSON.stringify(value, BufferJSON.replacer), 'utf8'),
    decode: (bytes) => JSON.parse(text.decode(bytes), BufferJSON.reviver) as T,
  };
}

const preKey: KeyCodec<SignalDataTypeMap['pre-key']> = {
  encode: (pair) => {
    assert(
      pair.public.length === curveKeyBytes && pair.private.length === curveKeyBytes,
      `a pre-key has two keys of 32 bytes, got ${pair.public.length} and ${pair.private.length}`,
    );
    return Buffer.concat([pair.public, pair.private]);
  },
  decode: (bytes) => {
    assert(bytes.length === 2 * curveKeyBytes, `a stored pre-key has 64 bytes, got ${bytes.length}`);
    return {
      public: Buffer.from(bytes.subarray(0, curveKeyBytes)),
      private: Buffer.from(bytes.subarray(curveKeyBytes)),
    };
  },
};

const appStateKey: KeyCodec<SignalDataTypeMap['app-state-sync-key']> = {
  encode: (value) => proto.Message.AppStateSyncKeyData.encode(value).finish(),
  decode: (bytes) => proto.Message.AppStateSyncKeyData.decode(bytes),
};

const codecs: { readonly [T in KeyType]: KeyCodec<SignalDataTypeMap[T]> } = {
  'pre-key': preKey,
  session: raw,
  'sender-key': raw,
  'sender-key-memory': json(),
  'app-state-sync-key': appStateKey,
  'app-state-sync-version': json(),
  'lid-mapping': text,
  'device-list': json(),
  tctoken: json(),
  'identity-key': raw,
};

export function encodeKey<T extends KeyType>(type: T, value: SignalDataTypeMap[T]): Uint8Array {
  return codecs[type].encode(value);
}

export function decodeKey<T extends KeyType>(type: T, bytes: Uint8Array): SignalDataTypeMap[T] {
  return codecs[type].decode(bytes);
}
