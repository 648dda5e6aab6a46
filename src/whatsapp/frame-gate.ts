/**
 * Holds back outgoing frames while what they promise is not durable: the answer to a pairing and the upload
 * of pre-keys until credentials are stored, a message until its record is. Sits on the raw WebSocket
 * of one Baileys socket; keeps the order of frames and never drops one silently.
 */
import { detach } from '../detach.ts';

type Sent = (error?: Error) => void;
export interface RawSocket {
  send(data: Uint8Array, sent?: Sent): void;
  terminate(): void;
  /** The TCP or TLS stream under it, while it is open. */
  readonly _socket?: { cork(): void; uncork(): void } | null;
}

/** What `work` sends leaves in one write. */
export function inOneWrite(socket: RawSocket | null, work: () => void): void {
  const stream = socket?._socket;
  stream?.cork();
  try {
    work();
  } finally {
    stream?.uncork();
  }
}

/** What is sent until the running callback is over leaves in one write. */
export function inOneWriteUntilTick(socket: RawSocket | null): void {
  const stream = socket?._socket;
  stream?.cork();
  if (stream) process.nextTick(() => stream.uncork());
}

interface HeldFrame {
  readonly data: Uint8Array;
  readonly sent: Sent | undefined;
  /** What it waits for; undefined where it only stands behind others. */
  readonly until: Promise<unknown> | undefined;
}

export class FrameGate {
  private readonly queue: HeldFrame[] = [];
  private readonly pending: () => Promise<void> | undefined;
  private readonly holds = new Set<Promise<void>>();
  private readonly onFailure: (error: unknown) => void;
  private isHolding = false;
  private socket: RawSocket | null = null;

  /** `pending`: credentials that are not durable yet. */
  constructor(pending: () => Promise<void> | undefined, onFailure: (error: unknown) => void) {
    this.pending = pending;
    this.onFailure = onFailure;
  }

  install(socket: RawSocket): void {
    this.socket = socket;
    const send = socket.send.bind(socket);
    socket.send = (data, sent) => {
      const until = this.unstored();
      if (!this.isHolding && until === undefined) return send(data, sent);
      this.queue.push({ data, sent, until });
      if (!this.isHolding) detach(this.release(send), (error) => this.fail(error));
    };
  }

  /** No frame that is sent from here on leaves before `stored` resolves. */
  hold(stored: Promise<void>): void {
    this.holds.add(stored);
    detach(
      stored.finally(() => this.holds.delete(stored)),
      () => undefined,
    );
  }

  private unstored(): Promise<unknown> | undefined {
    if (this.holds.size === 0) return this.pending();
    const all = Promise.all([this.pending(), ...this.holds]);
    detach(all, () => undefined);
    return all;
  }

  private async release(send: RawSocket['send']): Promise<void> {
    this.isHolding = true;
    for (let first = this.queue[0]; first; first = this.queue[0]) {
      const { until } = first;
      await until;
      inOneWrite(this.socket, () => {
        for (let next = this.queue[0]; next && (!next.until || next.until === until); next = this.queue[0]) {
          this.queue.shift();
          send(next.data, next.sent);
        }
      });
    }
    this.isHolding = false;
  }

  private fail(error: unknown): void {
    this.isHolding = false;
    this.onFailure(error);
    const reason = error instanceof Error ? error : new Error(String(error));
    for (const { sent } of this.queue.splice(0)) sent?.(reason);
  }
}
