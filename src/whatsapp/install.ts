/**
 * Prepares a thread for Baileys' sockets: curve primitives, trusted certificate root, silent console,
 * no stack traces. Called by the shard's thread entry before the first socket; never opens anything.
 */
import { assert } from '../assert.ts';
import { whatsappRootKey } from '../config.ts';
import { silenceConsole } from './console.ts';
import { installCurve, requireLeafKey, trustRoot } from './curve.ts';
import { disableTraces } from './traces.ts';

export interface WhatsappInstallation {
  /** Curve25519 public key of the certificate root, 64 hex digits (`WA_ROOT_KEY`). */
  readonly rootKey: string;
  /** False keeps `console` and stack traces: tests and tools. */
  readonly quiet?: boolean;
}

let installedRootKey: string | undefined;

/** Once a thread; the same root again is fine, another one is a programmer error. */
export function installWhatsapp(installation: WhatsappInstallation): void {
  const rootKey = installation.rootKey.toLowerCase();
  assert(/^[0-9a-f]{64}$/.test(rootKey), `the root key has 64 hex digits, got ${rootKey.length}`);
  if (installedRootKey !== undefined) {
    assert(installedRootKey === rootKey, 'one thread trusts one certificate root');
    return;
  }
  installedRootKey = rootKey;
  installCurve();
  trustRoot(Buffer.from(rootKey, 'hex'));
  if (installation.quiet === false) return;
  silenceConsole();
  disableTraces();
}

const isWhatsappHost = (host: string): boolean => /(^|\.)whatsapp\.(com|net)$/.test(host);

/** Before a handshake: the thread is prepared, and the leaf is pinned wherever the server can prove it. */
export function prepareHandshake(socketUrl: string): void {
  assert(installedRootKey !== undefined, 'installWhatsapp precedes the first socket');
  requireLeafKey(isWhatsappHost(new URL(socketUrl).hostname) || installedRootKey !== whatsappRootKey);
}
