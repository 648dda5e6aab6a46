/**
 * Credentials and keys of a Baileys socket in memory, as tests need them. Values go through Baileys'
 * own JSON, so that what a store would lose is lost here too.
 */
import {
  type AuthenticationCreds,
  type AuthenticationState,
  BufferJSON,
  initAuthCreds,
  proto,
  type SignalDataTypeMap,
} from '@whiskeysockets/baileys';

export interface MemoryAuth extends AuthenticationState {
  readonly store: Map<string, string>;
}

function read<T extends keyof SignalDataTypeMap>(type: T, text: string): SignalDataTypeMap[T] {
  const value: unknown = JSON.parse(text, BufferJSON.reviver);
  if (type === 'app-state-sync-key') {
    return proto.Message.AppStateSyncKeyData.fromObject(value as object) as unknown as SignalDataTypeMap[T];
  }
  return value as SignalDataTypeMap[T];
}

export function memoryAuth(creds: AuthenticationCreds = initAuthCreds()): MemoryAuth {
  const store = new Map<string, string>();
  return {
    creds,
    store,
    keys: {
      get: async (type, ids) => {
        const found: Record<string, SignalDataTypeMap[typeof type]> = {};
        for (const id of ids) {
          const text = store.get(`${type}:${id}`);
          if (text !== undefined) found[id] = read(type, text);
        }
        return found;
      },
      set: async (data) => {
        for (const [type, values] of Object.entries(data)) {
          for (const [id, value] of Object.entries(values ?? {})) {
            if (value === null || value === undefined) store.delete(`${type}:${id}`);
            else store.set(`${type}:${id}`, JSON.stringify(value, BufferJSON.replacer));
          }
        }
      },
    },
  };
}
