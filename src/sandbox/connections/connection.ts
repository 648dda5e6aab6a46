/**
 * One web socket: frames, handshake, then stanzas both ways. Made by `wire-server.ts`; hands stanzas to
 * the dispatch it was given. It decides nothing about accounts beyond who it is.
 */
import type { WebSocket } from 'ws';
import { errorFields } from '../../log.ts';
import type { Companion, StanzaSink } from '../accounts/companion.ts';
import type { Candidate } from '../accounts/pairing-desk.ts';
import { makePair } from '../signal/curve.ts';
import { FrameSplitter, frame } from '../wire/frames.ts';
import { decodeNode, encodeNode, type Node } from '../wire/node.ts';
import { ServerHandshake, type Transport } from '../wire/noise.ts';
import { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';

/** What the connection reports upwards: who it is, what it says, that it ended. */
export interface ConnectionEvents {
  identified(connection: Connection, noiseKey: Buffer, payload: proto.IClientPayload): void;
  received(connection: Connection, stanza: Node): void;
  ended(connection: Connection): void;
}

export class Connection implements StanzaSink {
  readonly #world: World;
  readonly #socket: WebSocket;
  readonly #events: ConnectionEvents;
  readonly #splitter = new FrameSplitter();
  #handshake: ServerHandshake | null = null;
  #incoming: Transport | null = null;
  #outgoing: Transport | null = null;
  #unsent: Buffer[] = [];
  #isEnding = false;
  /** Set after login. */
  companion: Companion | null = null;
  /** Set while registering. */
  candidate: Candidate | null = null;
  /** Accepts everything and answers nothing. */
  isFrozen = false;

  constructor(world: World, socket: WebSocket, events: ConnectionEvents) {
    this.#world = world;
    this.#socket = socket;
    this.#events = events;
    socket.on('message', (data: Buffer) => this.#read(data));
    socket.on('close', () => events.ended(this));
    socket.on('error', () => socket.terminate());
  }

  #read(data: Buffer): void {
    if (this.isFrozen || this.#isEnding) return;
    try {
      for (const bytes of this.#splitter.push(data)) this.#accept(bytes);
    } catch (error) {
      this.#world.log.warn({ error: errorFields(error) }, 'connection refused: bad frame');
      this.#socket.terminate();
    }
  }

  #accept(bytes: Buffer): void {
    if (this.#incoming) {
      this.#stanza(this.#incoming.open(bytes));
      return;
    }
    const message = proto.HandshakeMessage.decode(bytes);
    if (this.#handshake) this.#finish(this.#handshake, message);
    else this.#hello(message);
  }

  #stanza(plain: Buffer): void {
    const account = this.companion?.account.phone;
    this.#world.counters.add('stanzasIn', account);
    this.#world.rules.apply('fromAccount', account ?? '', decodeNode(plain), (stanza) => {
      this.#events.received(this, stanza);
    });
  }

  #hello(message: proto.HandshakeMessage): void {
    const { staticPair, chain } = this.#world.serverKeys;
    this.#handshake = new ServerHandshake(makePair(), message.clientHello?.ephemeral ?? Buffer.alloc(0));
    const serverHello = this.#handshake.hello(staticPair, chain);
    this.#write(frame(proto.HandshakeMessage.encode({ serverHello }).finish()));
  }

  #finish(handshake: ServerHandshake, message: proto.HandshakeMessage): void {
    const { static: sealedStatic, payload } = message.clientFinish ?? {};
    const opened = handshake.finish(Buffer.from(sealedStatic ?? []), Buffer.from(payload ?? []));
    const { incoming, outgoing } = handshake.split();
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#world.counters.add('handshakes');
    this.#events.identified(this, opened.noiseKey, proto.ClientPayload.decode(opened.payload));
  }

  send(stanza: Node): void {
    const account = this.companion?.account.phone;
    this.#world.rules.apply('toAccount', account ?? '', stanza, (passed) => this.#sendNow(passed));
  }

  #sendNow(stanza: Node): void {
    if (!this.#outgoing || this.#isEnding || this.isFrozen) return;
    this.#world.counters.add('stanzasOut', this.companion?.account.phone);
    this.#write(frame(this.#outgoing.seal(encodeNode(stanza))));
  }

  /**
   * Frames of one event-loop turn go out in one web socket message, as the real server does: an
   * acknowledgement and the receipt that follows it cost one write.
   */
  #write(bytes: Buffer): void {
    this.#unsent.push(bytes);
    if (this.#unsent.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (this.#unsent.length === 0) return;
    const bytes = this.#unsent.length === 1 ? this.#unsent[0] : Buffer.concat(this.#unsent);
    this.#unsent = [];
    if (bytes && this.#socket.readyState === this.#socket.OPEN) this.#socket.send(bytes);
  }

  end(): void {
    this.#flush();
    this.#isEnding = true;
    this.#socket.close();
  }

  /** Ends the TCP connection without a word. */
  cut(): void {
    this.#isEnding = true;
    this.#socket.terminate();
  }
}
