/**
 * Plays the phones of `npm run sandbox`: follows the gateway's events over its public REST and scans
 * every QR that an instance shows. Knows the gateway only by URL and key.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { pause } from '../../clock.ts';
import { detach } from '../../detach.ts';
import type { Sandbox } from '../sandbox.ts';

const key = 'sandbox';
const retryMs = 25;
const sweepMs = 1_000;

/** The phone number of an instance: follows from its id, so that it keeps it over restarts. */
export function phoneOf(instance: string): string {
  const digest = createHash('sha256').update(`phone:${instance}`).digest();
  const digits = String(digest.readUIntBE(0, 6) % 1_000_000).padStart(6, '0');
  return `551197${digits}1`;
}

interface InstanceView {
  readonly id: string;
  readonly state: string;
}

export class PhonePlayer {
  readonly #sandbox: Sandbox;
  readonly #gateway: string;
  readonly #clock: Clock;
  readonly #print: (line: string) => void;
  readonly #stopping = new AbortController();
  readonly #scanned = new Set<string>();

  constructor(sandbox: Sandbox, gateway: string, print: (line: string) => void) {
    this.#sandbox = sandbox;
    this.#gateway = gateway;
    this.#clock = sandbox.world.clock;
    this.#print = print;
  }

  stop(): void {
    this.#stopping.abort();
  }

  #get(path: string): Promise<Response> {
    const headers = { authorization: `Bearer ${key}` };
    return fetch(`${this.#gateway}${path}`, { headers, signal: this.#stopping.signal });
  }

  async #scan(instance: string, qr: string): Promise<void> {
    if (this.#scanned.has(qr)) return;
    this.#scanned.add(qr);
    const phone = phoneOf(instance);
    try {
      await this.#sandbox.scan(qr, { phone });
      this.#print(`paired   ${instance} as +${phone}`);
    } catch (error) {
      this.#print(`QR of ${instance} not scanned: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #event(text: string): void {
    const data = /^data: ?(.*)$/m.exec(text)?.[1];
    if (data === undefined) return;
    const event = JSON.parse(data) as { type?: string; instance?: string; data?: { qr?: string } };
    if (event.type !== 'instance.qr' || event.instance === undefined || !event.data?.qr) return;
    detach(this.#scan(event.instance, event.data.qr), () => undefined);
  }

  /** Reads the live events until the stream ends. */
  async #follow(): Promise<void> {
    const response = await this.#get('/v1/events?types=instance.qr');
    if (!response.ok || !response.body) throw new Error(`events: ${response.status}`);
    this.#followed = true;
    let pending = '';
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const events = `${pending}${text}`.split('\n\n');
      pending = events.pop() ?? '';
      for (const event of events) this.#event(event);
    }
  }

  #followed = false;

  /** A QR that was shown before the stream was open. */
  async #sweep(): Promise<boolean> {
    const response = await this.#get('/v1/instances?state=qr&limit=200');
    if (!response.ok) return false;
    const { items } = (await response.json()) as { items: InstanceView[] };
    for (const { id } of items) {
      const shown = await this.#get(`/v1/instances/${encodeURIComponent(id)}/qr`);
      if (!shown.ok) continue;
      const { qr } = (await shown.json()) as { qr: string };
      await this.#scan(id, qr);
    }
    return items.length > 0;
  }

  async #forever(work: () => Promise<unknown>, waitMs: () => number): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await work().catch(() => undefined);
      await pause(this.#clock, waitMs(), this.#stopping.signal);
    }
  }

  /** Runs until `stop`. Sweeps are quick only while the event stream cannot be had. */
  async run(): Promise<void> {
    const follow = async (): Promise<void> => {
      try {
        await this.#follow();
      } finally {
        this.#followed = false;
      }
    };
    await Promise.all([
      this.#forever(follow, () => retryMs),
      this.#forever(
        () => this.#sweep(),
        () => (this.#followed ? sweepMs : sweepMs / 10),
      ),
    ]);
  }
}
