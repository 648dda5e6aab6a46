/**
 * What each close of a WhatsApp socket means (`facts/wa-protocol.md` §10, Baileys' DisconnectReason): open
 * again at once, later, or rest until a person acts. Pure; the one table of close codes.
 */
import type { InstanceError, InstanceErrorCode, InstanceState } from '../protocol/instance.ts';
import type { CloseCause } from '../whatsapp/wa-socket.ts';

export type CloseVerdict =
  | { readonly decision: 'reopen' }
  | { readonly decision: 'backoff'; readonly error: InstanceError }
  | {
      readonly decision: 'rest';
      readonly state: 'logged_out' | 'failed' | 'stopped';
      /** Credentials go only on an explicit logout code. */
      readonly erase: boolean;
      readonly error: InstanceError;
    };

interface Meaning {
  readonly code: InstanceErrorCode;
  readonly message: string;
  readonly rest?: { readonly state: 'logged_out' | 'failed' | 'stopped'; readonly erase: boolean };
}

const restartRequired = 515;
const timedOut = 408;

const meanings = new Map<number, Meaning>([
  [
    401,
    {
      code: 'logged_out',
      message: 'WhatsApp logged this device out. Connect to pair it again.',
      rest: { state: 'logged_out', erase: true },
    },
  ],
  [
    403,
    {
      code: 'banned',
      message: 'WhatsApp refuses this account (403). It may be banned: look at the phone.',
      rest: { state: 'failed', erase: false },
    },
  ],
  [
    440,
    {
      code: 'connection_replaced',
      message: 'Another connection uses the same session. Stop the other one, then connect.',
      rest: { state: 'stopped', erase: false },
    },
  ],
  [
    411,
    {
      code: 'session_invalid',
      message: 'WhatsApp asks for multi-device (411). Log out and pair again.',
      rest: { state: 'failed', erase: false },
    },
  ],
  [405, { code: 'whatsapp_unavailable', message: 'WhatsApp refuses this client version (405).' }],
  [timedOut, { code: 'connection_timeout', message: 'The connection timed out.' }],
  [428, { code: 'connection_closed', message: 'WhatsApp closed the connection.' }],
  [500, { code: 'session_invalid', message: 'WhatsApp reports a session error (500).' }],
  [503, { code: 'whatsapp_unavailable', message: 'WhatsApp is unavailable (503).' }],
]);

const unknown: Meaning = { code: 'connection_closed', message: 'The connection closed.' };
const expiredQr: Meaning = {
  code: 'qr_expired',
  message: 'Nobody scanned the QR code in time. Connect to get a new one.',
  rest: { state: 'stopped', erase: false },
};
const passkey: Meaning = {
  code: 'passkey_required',
  message: 'WhatsApp asks for a passkey on this account, which cannot be given here.',
  rest: { state: 'failed', erase: false },
};
const certificate: Meaning = {
  code: 'certificate_invalid',
  message: 'The server has no certificate that WA_ROOT_KEY trusts.',
};

const unreachable: Meaning = {
  code: 'connection_refused',
  message: 'WhatsApp could not be reached: look at the network, the DNS and the firewall.',
};
const networkFault = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH/;

/** Causes that share a code with others and are told apart by what was being done or said. */
function special(cause: CloseCause, state: InstanceState): Meaning | undefined {
  if (cause.code === timedOut && (state === 'qr' || state === 'pairing') && /QR refs/i.test(cause.detail))
    return expiredQr;
  if (/passkey/i.test(cause.detail)) return passkey;
  if (/certificate/i.test(cause.detail)) return certificate;
  if (networkFault.test(cause.detail)) return unreachable;
  return undefined;
}

/** `nowMs` stamps the error. The detail of the cause stands behind the message where it says more. */
export function judgeClose(cause: CloseCause, state: InstanceState, nowMs: number): CloseVerdict {
  if (cause.code === restartRequired) return { decision: 'reopen' };
  const meaning = special(cause, state) ?? meanings.get(cause.code) ?? unknown;
  const detail = cause.detail ? ` [${cause.code} ${cause.detail}]` : ` [${cause.code}]`;
  const error: InstanceError = { code: meaning.code, message: meaning.message + detail, at: nowMs };
  return meaning.rest ? { decision: 'rest', ...meaning.rest, error } : { decision: 'backoff', error };
}
