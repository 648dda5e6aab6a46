/** What one instance has received and sent: figures for the directory and the metrics, never decisions. */
import { type InstanceCounts, type InstanceStatus, noCounts } from '../protocol/instance.ts';

export class Tally {
  lastInboundAt: number | null;
  lastOutboundAt: number | null;
  counts: InstanceCounts;

  constructor(status: InstanceStatus) {
    this.lastInboundAt = status.lastInboundAt;
    this.lastOutboundAt = status.lastOutboundAt;
    // Statuses that an older version stored have no counts.
    this.counts = status.counts ?? noCounts;
  }

  received(at: number): void {
    this.lastInboundAt = at;
    this.counts = { ...this.counts, received: this.counts.received + 1 };
  }

  sent(at: number): void {
    this.lastOutboundAt = at;
    this.counts = { ...this.counts, sent: this.counts.sent + 1 };
  }

  refused(): void {
    this.counts = { ...this.counts, sendErrors: this.counts.sendErrors + 1 };
  }
}
