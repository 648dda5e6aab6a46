/**
 * Rules that act on single stanzas: delay, drop, duplicate, reorder, corrupt, refuse. Asked for every
 * stanza in both directions; costs nothing while there is no rule.
 */
import type { Clock } from '../../clock.ts';
import { childrenOf, type Node, node } from '../wire/node.ts';
import type { Random } from './random.ts';

export type StanzaEffect = 'delay' | 'drop' | 'duplicate' | 'reorder' | 'corrupt' | 'refuse';
export type Direction = 'toAccount' | 'fromAccount';

export interface StanzaRule {
  readonly effect: StanzaEffect;
  /** Default `toAccount`; `refuse` is always `fromAccount`. */
  readonly direction?: Direction | undefined;
  /** Phone number; every account without it. */
  readonly account?: string | undefined;
  /** Stanza tag: message, receipt, notification, ack, iq, … Default `message`. */
  readonly tag?: string | undefined;
  /** How many stanzas it acts on. Default 1. */
  readonly count?: number | undefined;
  /** Chance that it acts on a stanza that fits. Default 1. */
  readonly probability?: number | undefined;
  /** For delay and reorder, ms. Default 500. */
  readonly delayMs?: number | undefined;
  /** For refuse: the error code of the acknowledgement, for example 463, 475 or 479. */
  readonly code?: string | undefined;
}

interface ActiveRule extends StanzaRule {
  left: number;
}

const defaultDelayMs = 500;

function withTurnedByte(enc: Node): Node {
  if (!(enc.content instanceof Uint8Array)) return enc;
  const bytes = Buffer.from(enc.content);
  const middle = Math.max(bytes.length - 20, 0);
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
  return node(enc.tag, enc.attrs, bytes);
}

/** The node with one byte of the last ciphertext in it turned over; own devices' copies come first. */
export function corrupted(source: Node): Node {
  if (source.tag === 'enc') return withTurnedByte(source);
  const children = childrenOf(source);
  const last = children.findLastIndex(({ tag }) => tag === 'enc' || tag === 'participants' || tag === 'to');
  if (last < 0) return source;
  return { ...source, content: children.map((child, index) => (index === last ? corrupted(child) : child)) };
}

export class StanzaRules {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onFault: (effect: StanzaEffect, account: string, stanza: Node) => void;
  #rules: ActiveRule[] = [];
  #held: (() => void) | null = null;

  constructor(
    clock: Clock,
    random: Random,
    onFault: (effect: StanzaEffect, account: string, stanza: Node) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#onFault = onFault;
  }

  add(rule: StanzaRule): void {
    const direction = rule.effect === 'refuse' ? 'fromAccount' : (rule.direction ?? 'toAccount');
    this.#rules.push({ ...rule, direction, tag: rule.tag ?? 'message', left: rule.count ?? 1 });
  }

  clear(): void {
    this.#rules = [];
    this.#held?.();
    this.#held = null;
  }

  #take(direction: Direction, account: string, stanza: Node, isRefusal: boolean): ActiveRule | null {
    if (this.#rules.length === 0) return null;
    const rule = this.#rules.find(
      (one) =>
        one.direction === direction &&
        (one.effect === 'refuse') === isRefusal &&
        one.tag === stanza.tag &&
        (one.account === undefined || one.account === account) &&
        this.#random() < (one.probability ?? 1),
    );
    if (!rule) return null;
    rule.left -= 1;
    if (rule.left <= 0) this.#rules = this.#rules.filter((one) => one !== rule);
    this.#onFault(rule.effect, account, stanza);
    return rule;
  }

  /** Passes a stanza on through `pass`: now, later, twice, changed, or never. */
  apply(direction: Direction, account: string, stanza: Node, pass: (stanza: Node) => void): void {
    const rule = this.#take(direction, account, stanza, false);
    if (rule) this.#act(rule, stanza, pass);
    else this.#passAndRelease(stanza, pass);
  }

  #passAndRelease(stanza: Node, pass: (stanza: Node) => void): void {
    pass(stanza);
    if (!this.#held) return;
    const release = this.#held;
    this.#held = null;
    release();
  }

  #act(rule: ActiveRule, stanza: Node, pass: (stanza: Node) => void): void {
    const later = rule.delayMs ?? defaultDelayMs;
    if (rule.effect === 'delay') this.#clock.after(later, () => pass(stanza));
    if (rule.effect === 'corrupt') pass(corrupted(stanza));
    if (rule.effect === 'duplicate') {
      pass(stanza);
      pass(stanza);
    }
    if (rule.effect === 'reorder') this.#hold(() => pass(stanza), later);
  }

  /** Kept back until the next stanza went past it, or `ms` at the latest. */
  #hold(release: () => void, ms: number): void {
    this.#held?.();
    this.#held = release;
    this.#clock.after(ms, () => {
      if (this.#held !== release) return;
      this.#held = null;
      release();
    });
  }

  /** The error code with which a message from that account is refused, or null. */
  refusal(account: string, stanza: Node): string | null {
    const rule = this.#take('fromAccount', account, stanza, true);
    return rule ? (rule.code ?? '479') : null;
  }
}
