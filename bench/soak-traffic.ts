/**
 * What happens during a soak: sends, inbound messages, instances that are disconnected, made and deleted, and
 * connections that break. Counts what it did and what was refused; stops when told, in full.
 */
import { pause, type Stage } from './instances-stage.ts';

const silent = (n: number): string => `55119${String(n).padStart(4, '0')}8001`;
const echoing = (n: number): string => `55119${String(n).padStart(4, '0')}0001`;

export interface TrafficOptions {
  readonly sendsPerSecond: number;
  readonly inboundPerSecond: number;
  readonly churnMs: number;
  readonly dropMs: number;
}

export class Traffic {
  readonly #stage: Stage;
  readonly #options: TrafficOptions;
  readonly #resident: readonly { id: string; phone: string }[];
  readonly counts = {
    sent: 0,
    refused: 0,
    inbound: 0,
    reopened: 0,
    made: 0,
    deleted: 0,
    dropped: 0,
    failed: 0,
  };
  #isOver = false;
  #loops: Promise<void>[] = [];

  constructor(stage: Stage, options: TrafficOptions) {
    this.#stage = stage;
    this.#options = options;
    this.#resident = [...stage.members];
  }

  start(): void {
    const { churnMs, dropMs } = this.#options;
    this.#loops = [
      this.#sends(),
      this.#inbound(),
      this.#every(churnMs, (turn) => this.#churn(turn)),
      this.#every(dropMs, (turn) => this.#drop(turn)),
    ];
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  #member(turn: number): { id: string; phone: string } {
    return this.#resident[turn % this.#resident.length] ?? { id: '', phone: '' };
  }

  async #every(ms: number, work: (turn: number) => Promise<void>): Promise<void> {
    for (let turn = 0; !this.#isOver; turn++) {
      for (let waited = 0; waited < ms && !this.#isOver; waited += 250) await pause(250);
      if (this.#isOver) return;
      await work(turn).catch((error: unknown) => {
        this.counts.failed += 1;
        process.stderr.write(`  soak: ${String(error)}\n`);
      });
    }
  }

  async #sends(): Promise<void> {
    const running = new Set<Promise<void>>();
    for (let turn = 0; !this.#isOver; turn++) {
      await pause(1000 / this.#options.sendsPerSecond);
      const send: Promise<void> = this.#send(turn).finally(() => running.delete(send));
      running.add(send);
    }
    await Promise.all(running);
  }

  /** Every fourth to somebody who answers, each time another of 2,000. */
  async #send(turn: number): Promise<void> {
    const to = turn % 4 === 0 ? echoing(turn % 2_000) : silent(turn % 20);
    const body = { to, type: 'text', text: `soak ${turn}`, timeoutMs: 10_000 };
    const path = `/v1/instances/${this.#member(turn).id}/messages`;
    const answer = await this.#stage.rest.raw('POST', path, body).catch(() => ({ status: 0 }));
    if (answer.status === 201) this.counts.sent += 1;
    else this.counts.refused += 1;
  }

  async #inbound(): Promise<void> {
    const pairs = this.#resident.map(({ phone }, n) => ({ from: silent(n), to: phone }));
    while (!this.#isOver)
      this.counts.inbound += await this.#stage.phone.pace(pairs, this.#options.inboundPerSecond, 5_000);
  }

  /** One resident leaves and comes back; one instance is made, paired and deleted. */
  async #churn(turn: number): Promise<void> {
    const { rest, phone, hook } = this.#stage;
    const { id } = this.#member(turn * 3);
    await rest.json('POST', `/v1/instances/${id}/disconnect`);
    await pause(500);
    await rest.json('POST', `/v1/instances/${id}/connect`);
    this.counts.reopened += 1;
    const guest = `guest${turn}`;
    await rest.json('POST', '/v1/instances', { id: guest, webhook: { url: hook.url } });
    const { qr } = await rest.json<{ qr: string }>('GET', `/v1/instances/${guest}/qr?wait=30`);
    await phone.scan(qr);
    this.counts.made += 1;
    await pause(3_000);
    await rest.json('DELETE', `/v1/instances/${guest}`);
    this.counts.deleted += 1;
  }

  async #drop(turn: number): Promise<void> {
    this.counts.dropped += await this.#stage.phone.drop(this.#member(turn * 7).phone);
  }
}
