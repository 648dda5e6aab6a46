/**
 * The load of a fault run, seeded: contacts write to the instances at one rate, clients send through REST at
 * another, each with an idempotency key and retried until it is answered for good. Keeps what was promised.
 */
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import type { Random } from './random.ts';

export interface Member {
  readonly id: string;
  readonly phone: string;
}

export interface TrafficOptions {
  readonly sandbox: Sandbox;
  readonly members: readonly Member[];
  readonly random: Random;
  readonly baseUrl: string;
  readonly key: string;
  readonly inboundPerSecond: number;
  readonly sendsPerSecond: number;
}

export interface Written {
  readonly instance: string;
  readonly id: string;
  readonly text: string;
}

export interface Sent {
  readonly key: string;
  readonly instance: string;
  readonly status: number;
  readonly messageId: string | null;
  readonly code: string | null;
  readonly tries: number;
}

const retryMs = 150;
const sendGuardMs = 60_000;
const isFinal = (status: number): boolean => status < 429 || status === 501;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Traffic {
  readonly written: Written[] = [];
  readonly sent: Sent[] = [];
  #options: TrafficOptions;
  #timers: NodeJS.Timeout[] = [];
  #pending = new Set<Promise<void>>();
  #count = 0;
  readonly failures: string[] = [];

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  start(): void {
    const { inboundPerSecond, sendsPerSecond } = this.#options;
    this.#every(inboundPerSecond, () => this.#write());
    this.#every(sendsPerSecond, () => this.#send());
  }

  /** No new messages; resolves when every client has its final answer. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  #every(perSecond: number, work: () => Promise<void>): void {
    if (perSecond === 0) return;
    const timer = setInterval(() => {
      const done = work().catch((error: unknown) => void this.failures.push(String(error)));
      this.#pending.add(done);
      void done.finally(() => this.#pending.delete(done));
    }, 1_000 / perSecond);
    this.#timers.push(timer);
  }

  async #write(): Promise<void> {
    const { members, random, sandbox } = this.#options;
    const to = random.pick(members);
    const text = `in ${this.#next()}`;
    const contact = `55119${70_000_000 + random.below(40) * 10_000 + 8_001}`;
    const id = await sandbox.sendFrom(contact, to.phone, text);
    this.written.push({ instance: to.id, id, text });
  }

  #next(): number {
    this.#count += 1;
    return this.#count;
  }

  async #send(): Promise<void> {
    const { members, random } = this.#options;
    const from = random.pick(members);
    const key = `send-${this.#next()}`;
    const body = JSON.stringify({
      to: `55119${80_000_000 + random.below(20) * 10_000 + 8_001}`,
      type: 'text',
      text: key,
      timeoutMs: 5_000,
    });
    const deadline = Date.now() + sendGuardMs;
    for (let tries = 1; ; tries++) {
      const answer = await this.#post(from.id, key, body);
      if (answer && isFinal(answer.status)) {
        this.sent.push({ key, instance: from.id, tries, ...answer });
        return;
      }
      if (Date.now() > deadline)
        throw new Error(
          `${key} of ${from.id}: no final answer after ${tries} tries, last ${JSON.stringify(answer ?? 'none')}`,
        );
      await wait(retryMs);
    }
  }

  /** Undefined where no answer came: the gateway is down. */
  async #post(
    instance: string,
    key: string,
    body: string,
  ): Promise<Omit<Sent, 'key' | 'instance' | 'tries'> | undefined> {
    const { baseUrl } = this.#options;
    try {
      const response = await fetch(`${baseUrl}/v1/instances/${instance}/messages`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#options.key}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body,
        signal: AbortSignal.timeout(30_000),
      });
      const answer = (await response.json()) as { id?: string; code?: string; detail?: string };
      const code = answer.code === undefined ? null : `${answer.code}: ${answer.detail}`;
      return { status: response.status, messageId: answer.id ?? null, code };
    } catch {
      return undefined;
    }
  }
}
