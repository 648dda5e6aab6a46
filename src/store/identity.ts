/**
 * What a thread opens the store with, from the settings; among it what the store is made for: the WhatsApp
 * host and its certificate root (DECISIONS 1).
 */
import type { StoreIdentity } from './ports.ts';
import type { MessageRetention } from './retention.ts';

export const storeIdentity = (config: {
  readonly waSocketUrl: string;
  readonly waRootKey: string;
}): StoreIdentity => ({ socketHost: new URL(config.waSocketUrl).host, rootKey: config.waRootKey });

export const storeOptions = (config: {
  readonly dataDir: string;
  readonly durability: 'process' | 'disk';
  readonly diskReserveMb: number;
  readonly dataKey: string | null;
  readonly eventsRetentionMs: number;
  readonly messages: MessageRetention;
  readonly waSocketUrl: string;
  readonly waRootKey: string;
}): {
  readonly dir: string;
  readonly durability: 'process' | 'disk';
  readonly diskReserveBytes: number;
  readonly dataKey: string | null;
  readonly eventsRetentionMs: number;
  readonly retention: MessageRetention;
  readonly identity: StoreIdentity;
} => ({
  dir: config.dataDir,
  durability: config.durability,
  diskReserveBytes: config.diskReserveMb * 1_048_576,
  dataKey: config.dataKey,
  eventsRetentionMs: config.eventsRetentionMs,
  retention: config.messages,
  identity: storeIdentity(config),
});
