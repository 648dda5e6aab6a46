/** What the fixed script of the operations bench needs of either side: the shard of the gateway, or stock Baileys. */
export interface Side {
  /** Makes an account and begins to connect; resolves with the QR to scan. */
  pair(id: string): Promise<string>;
  /** Resolves when its socket is open. */
  untilOpen(id: string): Promise<void>;
  disconnect(id: string): Promise<void>;
  connect(id: string): Promise<void>;
  /** Resolves when the server has acknowledged it. `to` is digits or a group. */
  send(id: string, to: string, text: string): Promise<void>;
  /** Inbound messages that the side has told so far; ours, only durable ones. */
  received(): number;
  stop(): Promise<void>;
}

/** Polls what no promise tells. */
export async function until(isDone: () => boolean, what: string, guardMs = 60_000): Promise<void> {
  const deadline = Date.now() + guardMs;
  while (!isDone()) {
    if (Date.now() > deadline) throw new Error(`not seen within ${guardMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
