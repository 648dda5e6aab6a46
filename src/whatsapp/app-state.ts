/**
 * The first synchronisation of app state (names, mutes, archive) after pairing. Baileys ties it to a
 * history notification that this gateway declines (DECISIONS 8), so it is started when the phone has shared
 * the keys. Called by `events.ts`; once per account.
 */
import { ALL_WA_PATCH_NAMES, type WASocket } from '@whiskeysockets/baileys';
import { AppError } from '../errors.ts';
import type { CredsKeeper } from './auth-state.ts';

const keysRetryAfterMs = 5_000;

export class FirstAppState {
  private readonly sock: Pick<WASocket, 'resyncAppState' | 'ev'>;
  private readonly keeper: CredsKeeper;
  private isStarted = false;

  constructor(sock: Pick<WASocket, 'resyncAppState' | 'ev'>, keeper: CredsKeeper) {
    this.sock = sock;
    this.keeper = keeper;
  }

  /** After login and whenever keys came; does nothing without keys or when it was done before. */
  async start(): Promise<void> {
    const { creds } = this.keeper;
    if (this.isStarted || !creds.myAppStateKeyId || creds.accountSyncCounter > 0) return;
    this.isStarted = true;
    await this.sock.resyncAppState(ALL_WA_PATCH_NAMES, true);
    this.sock.ev.emit('creds.update', { accountSyncCounter: creds.accountSyncCounter + 1 });
  }
}

/** Names, archive, pins, labels are app state: encrypted with keys that the phone shares after pairing. */
export function assertKeysCame(sock: Pick<WASocket, 'authState'>): void {
  if (sock.authState.creds.myAppStateKeyId) return;
  throw new AppError(
    'conflict',
    'The phone has not shared the keys of this change yet: it does so within minutes of pairing, while online.',
    { retryAfterMs: keysRetryAfterMs },
  );
}
