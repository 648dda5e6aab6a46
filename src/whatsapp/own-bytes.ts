/**
 * Copies of small byte strings outside Node's buffer pool. A small Buffer that is kept keeps its whole slab
 * of 64 KB; what an idle account holds (keys, records, routing) is therefore copied once. Pure.
 */
export function ownBytes(bytes: Uint8Array): Buffer<ArrayBuffer> {
  return Buffer.from(new Uint8Array(bytes).buffer);
}

/** Every Buffer inside plain data, replaced by an own copy. */
export function withOwnBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return ownBytes(value);
  if (Array.isArray(value)) return value.map(withOwnBytes);
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withOwnBytes(member)]));
}
