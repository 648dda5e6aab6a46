/**
 * Pairings that are not finished: connections that show a QR, and phones that were shown a code. Filled
 * by connections, used by `pairing-qr.ts` and `pairing-code.ts`. It holds nothing after a pairing.
 */
import type { CurvePair } from '../signal/curve.ts';
import type { CompanionKeys, PublicSignedPreKey, StanzaSink } from './companion.ts';

/** A connection that asked to be registered. */
export interface Candidate {
  readonly link: StanzaSink;
  readonly keys: CompanionKeys;
  readonly signedPreKey: PublicSignedPreKey;
  readonly refs: readonly string[];
  /** Set once `companion_hello` came in. */
  code: CodePairing | null;
  /** Set while `pair-success` waits for its answer. */
  pending: { readonly id: string; readonly accept: (identity: Buffer) => void } | null;
  /** Aborted when the connection ends: a pairing that waits for it fails. */
  readonly ending: AbortController;
}

export interface CodePairing {
  readonly phone: string;
  /** salt ‖ iv ‖ ciphertext of the companion's ephemeral key. */
  readonly wrappedCompanionKey: Buffer;
  ephemeral: CurvePair | null;
  companionEphemeral: Buffer | null;
  ref: Buffer;
}

/** What the device answers, or a failure when its connection ends first. */
export function answerOf<T>(candidate: Candidate, ask: (accept: (answer: T) => void) => void): Promise<T> {
  return new Promise((accept, reject) => {
    const { signal } = candidate.ending;
    const fail = (): void => reject(new Error('the connection ended during pairing'));
    if (signal.aborted) return fail();
    signal.addEventListener('abort', fail, { once: true });
    ask(accept);
  });
}

export class PairingDesk {
  readonly #byRef = new Map<string, Candidate>();
  readonly #byPhone = new Map<string, Candidate>();
  readonly #waiting = new Map<string, Array<(candidate: Candidate) => void>>();

  show(candidate: Candidate): void {
    for (const ref of candidate.refs) this.#byRef.set(ref, candidate);
  }

  withdraw(candidate: Candidate): void {
    for (const ref of candidate.refs) this.#byRef.delete(ref);
    if (candidate.code && this.#byPhone.get(candidate.code.phone) === candidate) {
      this.#byPhone.delete(candidate.code.phone);
    }
  }

  byRef(ref: string): Candidate | null {
    return this.#byRef.get(ref) ?? null;
  }

  byPhone(phone: string): Candidate | null {
    return this.#byPhone.get(phone) ?? null;
  }

  askCode(candidate: Candidate, code: CodePairing): void {
    candidate.code = code;
    this.#byPhone.set(code.phone, candidate);
    for (const resolve of this.#waiting.get(code.phone) ?? []) resolve(candidate);
    this.#waiting.delete(code.phone);
  }

  /** The candidate that asks for a code pairing with that phone, as soon as there is one. */
  whenAsked(phone: string): Promise<Candidate> {
    const known = this.byPhone(phone);
    if (known) return Promise.resolve(known);
    return new Promise((resolve) => {
      this.#waiting.set(phone, [...(this.#waiting.get(phone) ?? []), resolve]);
    });
  }

  pendingPhones(): string[] {
    return [...this.#byPhone.keys()];
  }
}
