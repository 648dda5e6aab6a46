/** Record number n of the ring stress: the same bytes on both sides, from a seed. */

/** A 32-bit mix (splitmix-like), so that size and content differ from record to record. */
function mix(value: number): number {
  let z = (value + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/** 4 bytes of sequence, then 0 to 130 bytes, now and then 900, all of one value. */
export function recordOf(sequence: number, seed: number): Uint8Array {
  const random = mix(sequence ^ Math.imul(seed, 0x85ebca6b));
  const size = 4 + (random % 64 === 0 ? 900 : (random >>> 8) % 131);
  const record = new Uint8Array(size).fill(random & 255);
  new DataView(record.buffer).setInt32(0, sequence);
  return record;
}

export const sequenceOf = (record: Uint8Array): number =>
  new DataView(record.buffer, record.byteOffset).getInt32(0);
