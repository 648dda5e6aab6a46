/**
 * Everything that can be made to go wrong, in one place: `sandbox.faults` and the control API. Each
 * function acts at once or arms a rule; `clear` ends all of them.
 */
import { deviceRemoved, unlinkFromPhone } from '../accounts/unlink.ts';
import type { Connection } from '../connections/connection.ts';
import type { PhoneMode } from '../media/media-retry.ts';
import { mediaPartOf } from '../media/parts.ts';
import type { GoneStatus } from '../media/store.ts';
import { type Node, node } from '../wire/node.ts';
import type { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import type { DoorMode } from './door.ts';
import type { StanzaRule } from './stanza-rules.ts';

/**
 * drop: TCP ends without a word · close: web socket close · 503, 515, 500: stream error · replaced: 440 ·
 * removed: 401 by stream error, the device stays linked · end: xmlstreamend.
 */
export type CloseKind = 'drop' | 'close' | '500' | '503' | '515' | 'replaced' | 'removed' | 'end';

const farewells: Readonly<Record<Exclude<CloseKind, 'drop' | 'close'>, Node>> = {
  '500': node('stream:error', { code: '500' }),
  '503': node('stream:error', { code: '503' }),
  '515': node('stream:error', { code: '515' }),
  replaced: node('stream:error', {}, [node('conflict', { type: 'replaced' })]),
  removed: deviceRemoved,
  end: node('xmlstreamend'),
};

export const closeKinds: readonly CloseKind[] = ['drop', 'close', ...(Object.keys(farewells) as CloseKind[])];

export class Faults {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  #connections(account: string | undefined): Connection[] {
    const all = [...this.#world.connections];
    return account === undefined ? all : all.filter(({ companion }) => companion?.account.phone === account);
  }

  #count(kind: string, account: string | undefined, amount = 1): void {
    this.#world.counters.add('faults', account, amount);
    this.#world.log.info({ fault: kind, account }, 'fault');
  }

  /** Closes the connections of one account, or of all. Returns how many. */
  close(kind: CloseKind, account?: string): number {
    const chosen = this.#connections(account);
    for (const connection of chosen) {
      if (kind === 'drop') connection.cut();
      else {
        if (kind !== 'close') connection.send(farewells[kind]);
        connection.end();
      }
    }
    this.#count(`close ${kind}`, account);
    return chosen.length;
  }

  /** Frozen connections stay open and get no answer any more; thawing lets them speak again. */
  freeze(account?: string, isFrozen = true): number {
    const chosen = this.#connections(account);
    for (const connection of chosen) connection.isFrozen = isFrozen;
    if (isFrozen) this.#count('freeze', account);
    return chosen.length;
  }

  /** For `ms`, new connections are refused, answered 503, not answered, or let in and ignored. */
  door(mode: DoorMode, ms: number): void {
    this.#world.door.set(mode, ms);
    this.#count(`door ${mode}`, undefined);
  }

  /** The next `count` logins get `<failure reason=…/>`. */
  failLogins(
    reason: number,
    options: { readonly account?: string | undefined; readonly count?: number } = {},
  ): void {
    this.#world.door.failLogins(reason, options.count ?? 1, options.account);
    this.#count(`login failure ${reason}`, options.account);
  }

  /** Arms a rule on single stanzas. */
  stanza(rule: StanzaRule): void {
    this.#world.rules.add(rule);
  }

  /** The account's owner removes its linked devices on the phone. */
  unlink(account: string): number {
    const companions = [...(this.#world.accounts.find(account)?.companions.values() ?? [])];
    for (const companion of companions) unlinkFromPhone(this.#world, companion);
    this.#count('unlink', account, companions.length);
    return companions.length;
  }

  /** The media host has the file of this message no more. False where it has none. */
  expireMedia(message: proto.IMessage, status: GoneStatus = 410): boolean {
    const path = mediaPartOf(message)?.directPath;
    if (!path) return false;
    this.#world.media.expire(path, status);
    this.#count(`media ${status}`, undefined);
    return true;
  }

  /** What phones do when they are asked to upload a file again. */
  phones(mode: PhoneMode): void {
    this.#world.phoneMode = mode;
    this.#count(`phones ${mode}`, undefined);
  }

  clear(): void {
    this.#world.phoneMode = 'uploads';
    this.#world.door.reset();
    this.#world.rules.clear();
    this.freeze(undefined, false);
  }
}
