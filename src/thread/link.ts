/**
 * The wire: one Comlink call per frame, a message port for each direction. The only file that knows Comlink.
 * A call resolves when the other side has taken the frame: that is the sender's credit, and it brings along
 * whatever the other side had to say at once, which halves the messages of a lone ask. Comlink settles nothing
 * when the other thread dies; whoever uses a link must give its frames up by itself.
 */
import type { MessagePort, Transferable } from 'node:worker_threads';
import { type Endpoint, expose, transfer, wrap } from 'comlink';
import { transferFromBytes } from './limits.ts';

export interface LinkPorts {
  /** Where this end sends its frames. */
  readonly toPeer: MessagePort;
  /** Where frames of the other end arrive. */
  readonly fromPeer: MessagePort;
}

export interface Link {
  /** Resolves when the other side has taken the frame, with its frame in return. The bytes may be gone afterwards. */
  send(frame: FrameBytes): Promise<FrameBytes | undefined>;
  close(): void;
}

export type FrameBytes = Uint8Array<ArrayBuffer>;

/** Takes one frame; what it resolves to travels back with the credit. */
export type OnFrame = (frame: FrameBytes) => Promise<FrameBytes | undefined>;

interface Receiver {
  deliver: OnFrame;
}

export function openLink(ports: LinkPorts, onFrame: OnFrame): Link {
  const deliver: OnFrame = async (frame) => moved(await onFrame(frame));
  expose({ deliver } satisfies Receiver, endpointOf(ports.fromPeer));
  // Kept, because every property access on a Comlink proxy builds a new proxy.
  const send = wrap<Receiver>(endpointOf(ports.toPeer)).deliver;
  return {
    send: (frame) => send(moved(frame)),
    close() {
      ports.toPeer.close();
      ports.fromPeer.close();
    },
  };
}

/** Marks a large frame for transfer; small ones are cheaper to clone. */
function moved<T extends FrameBytes | undefined>(frame: T): T {
  if (frame === undefined || frame.byteLength < transferFromBytes) return frame;
  return transfer(frame, [frame.buffer]);
}

type Listener = Parameters<Endpoint['addEventListener']>[1];

/** What Comlink needs of a port, over Node's emitter: its EventTarget face would build an event a message. */
function endpointOf(port: MessagePort): Endpoint {
  const taps = new Map<Listener, (data: unknown) => void>();
  return {
    postMessage: (message: unknown, transfers?: Transferable[]) => port.postMessage(message, transfers as []),
    addEventListener(_type, listener) {
      const tap = (data: unknown): void => {
        if (typeof listener === 'function') listener({ data } as MessageEvent);
        else listener.handleEvent({ data } as MessageEvent);
      };
      taps.set(listener, tap);
      port.on('message', tap);
    },
    removeEventListener(_type, listener) {
      const tap = taps.get(listener);
      if (tap !== undefined) port.off('message', tap);
      taps.delete(listener);
    },
    // Listening has started it; Comlink would ask for it again with every call.
    start: () => undefined,
  };
}
