/**
 * Profile pictures of accounts, contacts and groups, kept in the media store and shown by URL. Changed by
 * queries and the control API.
 */
import { randomInt } from 'node:crypto';
import type { World } from '../world.ts';

export interface Picture {
  readonly id: string;
  readonly url: string;
  readonly path: string;
}

/** Keys are numbers or group JIDs. */
export class Pictures {
  readonly #byOwner = new Map<string, Picture>();

  find(owner: string): Picture | null {
    return this.#byOwner.get(owner) ?? null;
  }

  set(world: World, owner: string, bytes: Buffer): Picture {
    const path = world.media.add('picture', bytes);
    const picture = { id: String(randomInt(1_000_000_000)), url: `https://${world.mediaHost}${path}`, path };
    this.#byOwner.set(owner, picture);
    return picture;
  }

  remove(owner: string): boolean {
    return this.#byOwner.delete(owner);
  }
}
