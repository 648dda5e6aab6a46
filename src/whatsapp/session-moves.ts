/**
 * Deleting sessions and moving them from a phone number's address to its LID's, all addresses locked and
 * in one commit. Called by the repository on Baileys' behalf; never overwrites a session under the LID.
 */
import { isHostedLidUser, isHostedPnUser, isLidUser, isPnUser, jidDecode } from '@whiskeysockets/baileys';
import { decodeKey, recordKey } from './key-codec.ts';
import type { RepositoryParts } from './repository-parts.ts';
import { hasOpenSession } from './session-record.ts';
import { type SignalAddress, sessionKey, signalAddress } from './signal-address.ts';

export interface Migration {
  readonly migrated: number;
  readonly skipped: number;
  readonly total: number;
}

const nothingToMigrate: Migration = { migrated: 0, skipped: 0, total: 0 };
const hostedDevice = 99;

export async function deleteSessions(parts: RepositoryParts, jids: readonly string[]): Promise<void> {
  const keys = jids.map((jid) => sessionKey(signalAddress(jid)));
  await parts.records.locks.all(keys, () =>
    parts.guard(() => parts.records.write(new Map(keys.map((key) => [key, null])))),
  );
}

interface Move {
  readonly from: string;
  readonly to: string;
}

/** The devices of a user that may have sessions: the stored device list and the one asked for. */
async function devicesOf(parts: RepositoryParts, user: string, asked: number): Promise<number[]> {
  const bytes = await parts.records.get(recordKey('device-list', user));
  const listed = bytes ? decodeKey('device-list', bytes).map(Number) : [];
  return [...new Set([...listed, asked])];
}

function moveOf(user: string, lidUser: string, device: number): Move {
  const isHosted = device === hostedDevice;
  const from: SignalAddress = signalAddress(`${user}:${device}@${isHosted ? 'hosted' : 's.whatsapp.net'}`);
  const to: SignalAddress = signalAddress(`${lidUser}:${device}@${isHosted ? 'hosted.lid' : 'lid'}`);
  return { from: sessionKey(from), to: sessionKey(to) };
}

async function moveSessions(parts: RepositoryParts, moves: readonly Move[]): Promise<number> {
  const changes = new Map<string, Uint8Array | null>();
  let migrated = 0;
  for (const { from, to } of moves) {
    const record = await parts.records.get(from);
    if (!record || !hasOpenSession(record)) continue;
    if ((await parts.records.get(to)) === undefined) changes.set(to, record);
    changes.set(from, null);
    migrated += 1;
  }
  await parts.records.write(changes);
  return migrated;
}

export async function migrateSessions(parts: RepositoryParts, from: string, to: string): Promise<Migration> {
  if (!from || !(isLidUser(to) || isHostedLidUser(to))) return nothingToMigrate;
  if (!isPnUser(from) && !isHostedPnUser(from)) return { ...nothingToMigrate, total: 1 };
  const source = jidDecode(from);
  const target = jidDecode(to);
  if (!source || !target) return nothingToMigrate;
  const devices = await devicesOf(parts, source.user, source.device ?? 0);
  const moves: Move[] = [];
  for (const device of devices) {
    const move = moveOf(source.user, target.user, device);
    if ((await parts.records.get(move.from)) !== undefined) moves.push(move);
  }
  if (moves.length === 0) return { ...nothingToMigrate, total: devices.length };
  const migrated = await parts.records.locks.all(
    moves.flatMap(({ from: source, to: target }) => [source, target]),
    () => parts.guard(() => moveSessions(parts, moves)),
  );
  return { migrated, skipped: moves.length - migrated, total: devices.length };
}
