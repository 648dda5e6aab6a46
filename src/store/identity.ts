/** What a store is made for, from the settings: the WhatsApp host and its certificate root (DECISIONS 1). */
import type { StoreIdentity } from './ports.ts';

export const storeIdentity = (config: {
  readonly waSocketUrl: string;
  readonly waRootKey: string;
}): StoreIdentity => ({ socketHost: new URL(config.waSocketUrl).host, rootKey: config.waRootKey });
