/**
 * Account state as plain data, and back. Called by the state file only. What follows from the seed
 * (contact keys, phone keys, certificates) is not in it.
 */
import type { Account } from './accounts/account.ts';
import { Companion, type CompanionKeys, type PublicSignedPreKey } from './accounts/companion.ts';
import type { Group } from './groups/group.ts';
import type { Newsletter } from './newsletters/newsletters.ts';
import type { SignalDevice } from './signal/device.ts';
import type { Node } from './wire/node.ts';
import type { World } from './world.ts';

interface DeviceSnapshot {
  sessions: Map<string, Uint8Array>;
  senderKeys: Map<string, Uint8Array>;
}

interface CompanionSnapshot {
  device: number;
  keys: CompanionKeys;
  signedPreKey: PublicSignedPreKey;
  preKeys: Map<number, Uint8Array>;
  queue: Array<{ node: Node; sends: number }>;
  isSynced: boolean;
  pushName: string | null;
}

interface AccountSnapshot extends DeviceSnapshot {
  phone: string;
  pushName: string;
  about: string;
  nextDevice: number;
  disappearingSeconds: number;
  collections: Map<string, { version: number; patches: Uint8Array[] }>;
  blocked: Set<string>;
  privacy: Map<string, string>;
  companions: CompanionSnapshot[];
  watchers: Set<string>;
}

interface ContactSnapshot extends DeviceSnapshot {
  number: string;
  sharedKeys: Set<string>;
  generation: number;
}

export interface Snapshot {
  version: 1;
  seed: string;
  preKeyMark: number;
  accounts: AccountSnapshot[];
  contacts: ContactSnapshot[];
  groups: Group[];
  newsletters: Newsletter[];
}

const deviceSnapshot = ({ sessions, senderKeys }: SignalDevice): DeviceSnapshot => ({ sessions, senderKeys });

function companionSnapshot(companion: Companion): CompanionSnapshot {
  const { device, keys, signedPreKey, preKeys, isSynced, pushName } = companion;
  const queue = companion.queue.all().map(({ node, sends }) => ({ node, sends }));
  return { device, keys, signedPreKey, preKeys, queue, isSynced, pushName };
}

function accountSnapshot(account: Account): AccountSnapshot {
  const { phone, pushName, about, nextDevice, disappearingSeconds, collections, blocked, privacy } = account;
  const companions = [...account.companions.values()].map(companionSnapshot);
  const own = { phone, pushName, about, nextDevice, disappearingSeconds, collections, blocked, privacy };
  return { ...deviceSnapshot(account.phoneDevice), ...own, companions, watchers: account.watchers };
}

export function snapshotOf(world: World): Snapshot {
  return {
    version: 1,
    seed: world.settings.seed,
    preKeyMark: world.preKeyMark,
    accounts: world.accounts.all().map(accountSnapshot),
    groups: world.groups.all(),
    newsletters: world.newsletters.all(),
    contacts: world.contacts.used().map(({ number, generation, sharedKeys, device }) => ({
      number,
      generation,
      sharedKeys,
      ...deviceSnapshot(device),
    })),
  };
}

function restoreDevice(device: SignalDevice, snapshot: DeviceSnapshot): void {
  for (const [address, record] of snapshot.sessions) device.sessions.set(address, record);
  for (const [name, record] of snapshot.senderKeys) device.senderKeys.set(name, record);
}

const buffers = (bytes: Uint8Array): Buffer => Buffer.from(bytes);

function restoreCompanion(world: World, account: Account, snapshot: CompanionSnapshot): void {
  const { keys, signedPreKey } = snapshot;
  const companion = new Companion(
    account,
    snapshot.device,
    { ...keys, noiseKey: buffers(keys.noiseKey), identityKey: buffers(keys.identityKey) },
    {
      ...signedPreKey,
      publicKey: buffers(signedPreKey.publicKey),
      signature: buffers(signedPreKey.signature),
    },
  );
  for (const [id, key] of snapshot.preKeys) companion.preKeys.set(id, buffers(key));
  for (const { node, sends } of snapshot.queue) companion.queue.add({ node, sends, record: null });
  companion.isSynced = snapshot.isSynced;
  companion.pushName = snapshot.pushName;
  world.accounts.add(companion);
}

function restoreAccount(world: World, snapshot: AccountSnapshot): void {
  const account = world.accounts.ensure(snapshot.phone, snapshot.pushName);
  restoreDevice(account.phoneDevice, snapshot);
  account.about = snapshot.about;
  account.nextDevice = snapshot.nextDevice;
  account.disappearingSeconds = snapshot.disappearingSeconds;
  for (const [name, collection] of snapshot.collections) account.collections.set(name, collection);
  for (const lid of snapshot.blocked) account.blocked.add(lid);
  for (const [name, value] of snapshot.privacy) account.privacy.set(name, value);
  for (const phone of snapshot.watchers) account.watchers.add(phone);
  for (const companion of snapshot.companions) restoreCompanion(world, account, companion);
}

/** Throws when the file was made with another seed: its sessions would fit no key. */
export function restore(world: World, snapshot: Snapshot): void {
  if (snapshot.version !== 1) throw new Error(`sandbox state has version ${String(snapshot.version)}, not 1`);
  if (snapshot.seed !== world.settings.seed) throw new Error('sandbox state was made with another seed');
  world.preKeyMark = snapshot.preKeyMark;
  for (const account of snapshot.accounts) restoreAccount(world, account);
  for (const group of snapshot.groups) world.groups.add(group);
  for (const newsletter of snapshot.newsletters) world.newsletters.add(newsletter);
  for (const { number, generation, sharedKeys, ...device } of snapshot.contacts) {
    const contact = world.contacts.find(number);
    if (!contact) continue;
    for (let done = 0; done < generation; done += 1) world.contacts.reinstall(contact);
    for (const key of sharedKeys) contact.sharedKeys.add(key);
    restoreDevice(contact.device, device);
  }
}
