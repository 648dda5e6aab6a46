/**
 * Opens one WhatsApp socket over Baileys for an instance: loads its credentials, makes the socket on the
 * WASM Signal repository, and turns it into the shard's `WaSocket`. Called by the shard, one at a time per
 * instance; a successor waits until the one before is idle. Never reconnects.
 */
import { makeWASocket } from '@whiskeysockets/baileys';
import { takeAccount } from './account.ts';
import { loadCreds } from './auth-state.ts';
import { Connection } from './connection.ts';
import { prepareHandshake } from './install.ts';
import type { WaSocket, WaSocketOptions } from './wa-socket.ts';

/** Rejects `validation_failed` (proxy) or `store_failed`; what goes wrong later is the fact `Closed`. */
export async function openWaSocket(options: WaSocketOptions): Promise<WaSocket> {
  prepareHandshake(options.socketUrl);
  const account = await takeAccount(options.store, options.instance);
  try {
    const keeper = await loadCreds(options.store, options.instance);
    return new Connection(options, account, keeper, makeWASocket).asSocket();
  } catch (error) {
    account.release();
    throw error;
  }
}
