/**
 * Holds back outgoing frames while changed credentials are not durable: the answer to a pairing and the
 * upload of pre-keys must not reach WhatsApp before what they promise is stored. Sits on the raw WebSocket
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

export class FrameGate {
  private readonly queue: { data: Uint8Array; sent: Sent | undefined }[] = [];
  private readonly pending: () => Promise<void> | undefined;
  private readonly onFailure: (error: unknown) => void;
  private isHolding = false;
  private socket: RawSocket | null = null;

  constructor(pending: () => Promise<void> | undefined, onFailure: (error: unknown) => void) {
    this.pending = pending;
    this.onFailure = onFailure;
  }

  install(socket: RawSocket): void {
    this.socket = socket;
    const send = socket.send.bind(socket);
    socket.send = (data, sent) => {
      if (!this.isHolding && this.pending() === undefined) return send(data, sent);
      this.queue.push({ data, sent });
      if (!this.isHolding) detach(this.release(send), (error) => this.fail(error));
    };
  }

  private async release(send: RawSocket['send']): Promise<void> {
    this.isHolding = true;
    for (let wait = this.pending(); wait; wait = this.pending()) await wait;
    this.isHolding = false;
    inOneWrite(this.socket, () => {
      for (const { data, sent } of this.queue.splice(0)) send(data, sent);
    });
  }

  private fail(error: unknown): void {
    this.isHolding = false;
    this.onFailure(error);
    const reason = error instanceof Error ? error : new Error(String(error));
    for (const { sent } of this.queue.splice(0)) sent?.(reason);
  }
}
