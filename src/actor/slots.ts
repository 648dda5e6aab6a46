/**
 * Open letters by id: an array indexed by the low bits of the id. Used by the ask table alone. Not a `Map`:
 * V8 links every outgrown table of a map to the next, so that one which reached the old generation keeps all
 * later ones and their entries alive until a full collection (seen as scavenges of 20 ms at 64 asks in flight).
 */
import { slotsMin } from './limits.ts';

/** Ids are positive 31-bit integers; 0 means "none" wherever an id is stored. */
const idMax = 0x7fff_ffff;

export class Slots<T extends { readonly id: number }> {
  /** A power of two, at most half full, so that a free id is near. */
  #slots: (T | undefined)[] = new Array(slotsMin).fill(undefined);
  #lastId: number;
  #size = 0;

  constructor(lastId: number) {
    this.#lastId = lastId;
  }

  get size(): number {
    return this.#size;
  }

  /** The next id whose slot is free. */
  nextId(): number {
    if (this.#size * 2 >= this.#slots.length) this.#double();
    const mask = this.#slots.length - 1;
    do this.#lastId = this.#lastId === idMax ? 1 : this.#lastId + 1;
    while (this.#slots[this.#lastId & mask] !== undefined);
    return this.#lastId;
  }

  /** `entry.id` came from `nextId`. */
  put(entry: T): void {
    this.#slots[entry.id & (this.#slots.length - 1)] = entry;
    this.#size++;
  }

  get(id: number): T | undefined {
    const entry = this.#slots[id & (this.#slots.length - 1)];
    return entry?.id === id ? entry : undefined;
  }

  remove(id: number): T | undefined {
    const entry = this.get(id);
    if (entry === undefined) return undefined;
    this.#slots[id & (this.#slots.length - 1)] = undefined;
    this.#size--;
    return entry;
  }

  oldestFirst(): T[] {
    const age = ({ id }: T): number => (this.#lastId - id) & idMax;
    return this.#slots.filter((entry) => entry !== undefined).sort((a, b) => age(b) - age(a));
  }

  /** Entries that differ in their low bits still do when one bit more counts. */
  #double(): void {
    const slots: (T | undefined)[] = new Array(this.#slots.length * 2).fill(undefined);
    for (const entry of this.#slots) {
      if (entry !== undefined) slots[entry.id & (slots.length - 1)] = entry;
    }
    this.#slots = slots;
  }
}
