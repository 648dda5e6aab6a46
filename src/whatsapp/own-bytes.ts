/**
 * Copies of small byte strings outside Node's buffer pool. A small Buffer that is kept keeps its whole slab
 * of 64 KB; what an idle account holds (keys, records, routing) is therefore copied once. Pure.
 */
export function ownBytes(bytes: Uint8Array): Buffer<ArrayBuffer> {
  return Buffer.from(new Uint8Array(bytes).buffer);
}
