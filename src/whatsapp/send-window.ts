/**
 * Bounds what one socket has sent and WhatsApp's server has not acknowledged: a fast sender overruns the
 * server and is closed (facts/inbound-journal.md A). First in, first out. Called by `send.ts` only.
 */
export class SendWindow {
  private readonly max: number;
  private readonly waiting: { enter: () => void; refuse: (error: Error) => void }[] = [];
  private inside = 0;

  constructor(max: number) {
    this.max = max;
  }

  get depth(): number {
    return this.inside + this.waiting.length;
  }

  enter(): Promise<void> {
    if (this.inside < this.max) {
      this.inside += 1;
      return Promise.resolve();
    }
    return new Promise((enter, refuse) => this.waiting.push({ enter, refuse }));
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next) next.enter();
    else this.inside -= 1;
  }

  refuseAll(error: Error): void {
    for (const { refuse } of this.waiting.splice(0)) refuse(error);
  }
}
