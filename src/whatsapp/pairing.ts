/**
 * Linking by code and unlinking. Called by `connect.ts`. A code marks the credentials with a number that
 * nobody confirmed yet; `auth-state.ts` throws such credentials away at the next start.
 */
import type { WASocket } from '@whiskeysockets/baileys';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { PairingCode } from '../protocol/instance.ts';
import { parseAddress } from './addresses.ts';
import type { CredsKeeper } from './auth-state.ts';
import { pairingCodeTtlMs } from './limits.ts';
import { appErrorOf } from './refusals.ts';

export interface PairingParts {
  readonly sock: Pick<WASocket, 'requestPairingCode' | 'logout'>;
  readonly keeper: CredsKeeper;
  readonly clock: Clock;
  /** Resolves when WhatsApp is ready to pair (its first QR was shown). */
  ready: Promise<void>;
}

export async function requestPairingCode(parts: PairingParts, phone: string): Promise<PairingCode> {
  const address = parseAddress(phone);
  if (address.kind !== 'phone')
    throw new AppError('validation_failed', 'A pairing code needs a phone number.');
  if (parts.keeper.creds.account) throw new AppError('already_open', 'This instance is already paired.');
  await parts.ready;
  try {
    const code = await parts.sock.requestPairingCode(address.digits);
    return { code, expiresAt: parts.clock.now() + pairingCodeTtlMs };
  } catch (error) {
    throw appErrorOf(error, 'the pairing code');
  }
}

/** Tells WhatsApp to unlink this device; Baileys then ends the socket. */
export async function logout(parts: PairingParts): Promise<void> {
  try {
    await parts.sock.logout();
  } catch (error) {
    throw appErrorOf(error, 'the logout');
  }
}
