/**
 * Files of messages that the gateway keeps (`MEDIA_STORE=local`), as WhatsApp gave them: encrypted under the key in
 * the message, so that DATA_KEY covers them too. DATA_DIR/media/DAY/INSTANCE/NAME, where DAY is the message's and NAME
 * follows from its key: retention removes whole days, and nothing has to be indexed. Used in every thread.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { MediaPlace } from '../protocol/media.ts';
import { hasRoom } from './room.ts';
import { requestsDir } from './spool.ts';

export const keptDir = (dataDir: string): string => join(dataDir, 'media');
/** UTC: its folder, and the unit of retention. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** A message whose file is kept, as WhatsApp addressed it: a chat that is known by another id later has it still. */
export interface KeptRef {
  readonly instance: string;
  readonly id: string;
  readonly remoteJid: string;
  readonly participant: string | null;
  /** When it was sent, ms. */
  readonly at: number;
}

/** What of a stored message tells where its file is kept. */
interface StoredWithFile {
  readonly view: { readonly instance: string; readonly id: string; readonly timestamp: number };
  readonly key: { readonly remoteJid: string; readonly participant: string | null };
}

export const keptRefOf = ({ view, key }: StoredWithFile): KeptRef => ({
  instance: view.instance,
  id: view.id,
  remoteJid: key.remoteJid,
  participant: key.participant,
  at: view.timestamp,
});

/** Below `keptDir`. Ids of messages are the senders' words: only their hash is a name. */
export function keptFile({ instance, id, remoteJid, participant, at }: KeptRef): string {
  const name = createHash('sha256')
    .update(JSON.stringify([remoteJid, participant, id]))
    .digest('base64url');
  return join(dayOf(at), instance, name);
}

export interface KeepOptions {
  readonly dataDir: string;
  /** null: for good. */
  readonly ageMs: number | null;
  readonly fileMaxBytes: number;
  readonly reserveBytes: number;
  readonly clock: Pick<Clock, 'now'>;
}

export class KeptMedia {
  readonly #options: KeepOptions;
  readonly #dir: string;
  readonly #fetching = new Map<string, Promise<MediaPlace>>();

  constructor(options: KeepOptions) {
    this.#options = options;
    this.#dir = keptDir(options.dataDir);
  }

  /** False where the file would be removed at once, is too large, or the disk has no room for it. */
  async takes({ at }: KeptRef, sizeBytes: number): Promise<boolean> {
    const { ageMs, clock, fileMaxBytes, dataDir, reserveBytes } = this.#options;
    if (ageMs !== null && dayOf(at) < dayOf(clock.now() - ageMs)) return false;
    return sizeBytes <= fileMaxBytes && (await hasRoom(dataDir, sizeBytes, reserveBytes));
  }

  async has(ref: KeptRef): Promise<boolean> {
    return (await stat(join(this.#dir, keptFile(ref))).catch(() => null)) !== null;
  }

  /**
   * The kept file, else what `fetch` brings into the requests' spool (its name there), kept where it may be. Those
   * who ask meanwhile wait for it.
   */
  async take(ref: KeptRef, fetch: () => Promise<string>): Promise<MediaPlace> {
    const file = keptFile(ref);
    const running = this.#fetching.get(file);
    if (running) {
      const place = await running.catch(() => null);
      return place?.in === 'kept' ? place : this.take(ref, fetch);
    }
    const bringing = this.#bring(ref, file, fetch);
    this.#fetching.set(file, bringing);
    try {
      return await bringing;
    } finally {
      this.#fetching.delete(file);
    }
  }

  async #bring(ref: KeptRef, file: string, fetch: () => Promise<string>): Promise<MediaPlace> {
    if (await this.has(ref)) return { in: 'kept', file };
    const id = await fetch();
    const from = join(requestsDir(this.#options.dataDir), id);
    const isKept = await this.#keep(ref, from, join(this.#dir, file)).catch(() => false);
    return isKept ? { in: 'kept', file } : { in: 'spool', id };
  }

  /** Takes the file over, whole or not at all: a rename on one disk. */
  async #keep(ref: KeptRef, from: string, to: string): Promise<boolean> {
    const { size } = await stat(from);
    // It is on the disk already: no room is needed beside it.
    if (size > this.#options.fileMaxBytes || !(await this.takes(ref, 0))) return false;
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
    return true;
  }

  /** Never rejects. */
  async forget(refs: readonly KeptRef[]): Promise<void> {
    for (const ref of refs) await rm(join(this.#dir, keptFile(ref)), { force: true }).catch(() => undefined);
  }
}

/** Whatever the setting is by now. Never rejects. */
export async function forgetInstance(dataDir: string, instance: string): Promise<void> {
  const dir = keptDir(dataDir);
  for (const day of await readdir(dir).catch(() => []))
    await rm(join(dir, day, instance), { recursive: true, force: true }).catch(() => undefined);
}

/** Null where files are left to WhatsApp. */
export function openKeptMedia(
  config: Pick<Config, 'dataDir' | 'mediaStore' | 'mediaMaxBytes' | 'diskReserveMb'>,
  clock: Pick<Clock, 'now'>,
): KeptMedia | null {
  const { dataDir, mediaStore, mediaMaxBytes: fileMaxBytes, diskReserveMb } = config;
  if (!mediaStore) return null;
  const reserveBytes = diskReserveMb * 1_048_576;
  return new KeptMedia({ dataDir, ageMs: mediaStore.ageMs, fileMaxBytes, reserveBytes, clock });
}

/** What the store calls before it removes messages. */
export const forgetting = (kept: KeptMedia | null) =>
  kept ? (messages: readonly StoredWithFile[]) => kept.forget(messages.map(keptRefOf)) : undefined;
