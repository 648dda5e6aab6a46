/**
 * The bridge rejects with plain strings; Baileys reads `err.message` and decides by exact texts whether it
 * asks for a retry. Every call into the bridge goes through `signalError`. Never hides a store error.
 */
import { AssertionFailed } from '../assert.ts';
import { AppError } from '../errors.ts';

/** Baileys' own texts (Utils/decode-wa-message.js): the first refuses for good, the second waits for a session. */
const duplicateText = 'Key used already or never filled';
const noSessionText = 'No session record';

export class SignalError extends Error {
  override readonly name = 'SignalError';
  /** The message was decrypted before, or its key is gone. */
  readonly isDuplicate: boolean;

  constructor(text: string, isDuplicate: boolean) {
    super(text);
    this.isDuplicate = isDuplicate;
  }
}

const isDuplicate = (text: string): boolean => /duplicat/i.test(text) || text.includes('old counter');
const isSessionMissing = (text: string): boolean => /SessionNotFound|session .*not found/i.test(text);

/** What the bridge says of an object that was freed, or that is used while another call works on it. */
const misuse = /null pointer passed to rust|recursive use of an object/;

const isTrap = (reason: unknown): reason is Error =>
  reason instanceof Error && (reason.name === 'RuntimeError' || misuse.test(reason.message));

/**
 * A trap of the WASM module leaves its memory undefined for every socket of the thread: the thread must
 * end, loudly, and its supervisor starts another. Thrown outside of any promise, so that nobody catches it.
 */
function crashThread(reason: Error): void {
  queueMicrotask(() => {
    throw new AssertionFailed(`the Signal module trapped: ${reason.message}`);
  });
}

export function signalError(reason: unknown): Error {
  if (reason instanceof AppError || reason instanceof SignalError) return reason;
  if (isTrap(reason)) crashThread(reason);
  const text = reason instanceof Error ? reason.message : String(reason);
  if (isDuplicate(text)) return new SignalError(duplicateText, true);
  if (isSessionMissing(text)) return new SignalError(noSessionText, false);
  return reason instanceof Error ? reason : new SignalError(text, false);
}
