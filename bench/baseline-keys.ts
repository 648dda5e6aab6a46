/** Baileys' key store as a plain program has it: JSON texts in memory, nothing durable. For baselines only. */
import { BufferJSON, type SignalDataTypeMap, type SignalKeyStore } from '@whiskeysockets/baileys';

/** `values` holds the texts by `type:id`. */
export function jsonKeys(values: Map<string, string>): SignalKeyStore {
  return {
    get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
      const found: { [id: string]: SignalDataTypeMap[T] } = {};
      for (const id of ids) {
        const json = values.get(`${type}:${id}`);
        if (json !== undefined) found[id] = JSON.parse(json, BufferJSON.reviver) as SignalDataTypeMap[T];
      }
      return found;
    },
    set: async (data) => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries)) {
          if (value === null || value === undefined) values.delete(`${type}:${id}`);
          else values.set(`${type}:${id}`, JSON.stringify(value, BufferJSON.replacer));
        }
      }
    },
  };
}
