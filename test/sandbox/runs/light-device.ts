/**
 * A minimal WhatsApp device for load: pairs, logs in, sends encrypted texts, acknowledges what comes.
 * Much cheaper than a Baileys socket, so that one core can drive a thousand. Not a conformance tool.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import { WebSocket } from 'ws';
import { lidOf } from '../../../src/sandbox/contacts/numbers.ts';
import { agree, type CurvePair, makePair, sign, typed } from '../../../src/sandbox/signal/curve.ts';
import { type Bundle, SignalDevice } from '../../../src/sandbox/signal/device.ts';
import { FrameSplitter, frame } from '../../../src/sandbox/wire/frames.ts';
import { lidJid, pnJid, serverJid } from '../../../src/sandbox/wire/jid.ts';
import {
  bytesOf,
  childBytes,
  childOf,
  childrenNamed,
  decodeNode,
  encodeNode,
  type Node,
  node,
  uintBytes,
  uintOf,
} from '../../../src/sandbox/wire/node.ts';
import { connectionHeader, Transport } from '../../../src/sandbox/wire/noise.ts';
import { pad } from '../../../src/sandbox/wire/padding.ts';
import { proto } from '../../../src/sandbox/wire/proto.ts';

const preKeyCount = 30;
const mode = Buffer.from('Noise_XX_25519_AESGCM_SHA256\0\0\0\0', 'latin1');

/** Client side of the handshake, without checking the certificate. */
class Handshake {
  #hash = mode;
  #salt = mode;
  #key = mode;
  #counter = 0;

  mixHash(data: Uint8Array): void {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest();
  }

  mixKey(shared: Uint8Array): void {
    const derived = Buffer.from(hkdfSync('sha256', shared, this.#salt, '', 64));
    this.#salt = derived.subarray(0, 32);
    this.#key = derived.subarray(32);
    this.#counter = 0;
  }

  #nonce(): Buffer {
    const iv = Buffer.alloc(12);
    iv.writeUInt32BE(this.#counter++, 8);
    return iv;
  }

  seal(plain: Uint8Array): Buffer {
    const cipher = createCipheriv('aes-256-gcm', createSecretKey(this.#key), this.#nonce()).setAAD(
      this.#hash,
    );
    const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    this.mixHash(sealed);
    return sealed;
  }

  open(sealed: Buffer): Buffer {
    const decipher = createDecipheriv('aes-256-gcm', createSecretKey(this.#key), this.#nonce());
    decipher.setAAD(this.#hash).setAuthTag(sealed.subarray(-16));
    const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    this.mixHash(sealed);
    return plain;
  }

  split(): [Transport, Transport] {
    const derived = Buffer.from(hkdfSync('sha256', Buffer.alloc(0), this.#salt, '', 64));
    return [new Transport(derived.subarray(0, 32)), new Transport(derived.subarray(32))];
  }
}

export interface LightCounts {
  sent: number;
  acked: number;
  receipts: number;
  received: number;
}

export class LightDevice {
  readonly phone: string;
  readonly counts: LightCounts;
  readonly #url: string;
  readonly #scan: (qr: string, phone: string) => Promise<unknown>;
  readonly #noise = makePair();
  readonly #signal: SignalDevice;
  readonly #identity: CurvePair;
  readonly #preKeys = new Map<number, CurvePair>();
  readonly #adv = randomBytes(32);
  readonly #answers = new Map<string, (answer: Node) => void>();
  #socket: WebSocket | null = null;
  #outgoing: Transport | null = null;
  #nextId = 1;
  #device = 0;
  #opened: (() => void) | null = null;

  constructor(
    url: string,
    phone: string,
    counts: LightCounts,
    scan: (qr: string, phone: string) => Promise<unknown>,
  ) {
    this.#url = url;
    this.phone = phone;
    this.counts = counts;
    this.#scan = scan;
    this.#identity = makePair();
    const pair = makePair();
    const signature = sign(this.#identity.privateKey, typed(pair.publicKey));
    this.#signal = new SignalDevice({
      identity: this.#identity,
      registrationId: 77,
      signedPreKey: { id: 1, pair, signature },
      oneTimePair: (id) => this.#preKeys.get(id) ?? makePair(),
    });
  }

  /** Pairs when needed, logs in; resolves when live. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#opened = resolve;
      this.#connect();
    });
  }

  #connect(): void {
    const socket = new WebSocket(this.#url, { perMessageDeflate: false });
    const splitter = new FrameSplitter();
    splitter.push(connectionHeader);
    const ephemeral = makePair();
    const handshake = new Handshake();
    let incoming: Transport | null = null;
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('open', () => {
      handshake.mixHash(connectionHeader);
      handshake.mixHash(ephemeral.publicKey);
      const hello = proto.HandshakeMessage.encode({
        clientHello: { ephemeral: ephemeral.publicKey },
      }).finish();
      socket.send(Buffer.concat([connectionHeader, frame(hello)]));
    });
    socket.on('message', (data: Buffer) => {
      for (const bytes of splitter.push(data)) {
        if (incoming) this.#receive(decodeNode(incoming.open(bytes)));
        else incoming = this.#finish(handshake, ephemeral, bytes);
      }
    });
  }

  #finish(handshake: Handshake, ephemeral: CurvePair, bytes: Buffer): Transport {
    const { serverHello } = proto.HandshakeMessage.decode(bytes);
    const serverEphemeral = Buffer.from(serverHello?.ephemeral ?? []);
    handshake.mixHash(serverEphemeral);
    handshake.mixKey(agree(serverEphemeral, ephemeral.privateKey));
    const serverStatic = handshake.open(Buffer.from(serverHello?.static ?? []));
    handshake.mixKey(agree(serverStatic, ephemeral.privateKey));
    handshake.open(Buffer.from(serverHello?.payload ?? []));
    const sealedStatic = handshake.seal(this.#noise.publicKey);
    handshake.mixKey(agree(serverEphemeral, this.#noise.privateKey));
    const payload = handshake.seal(proto.ClientPayload.encode(this.#payload()).finish());
    const clientFinish = { static: sealedStatic, payload };
    this.#socket?.send(frame(proto.HandshakeMessage.encode({ clientFinish }).finish()));
    const [outgoing, incoming] = handshake.split();
    this.#outgoing = outgoing;
    return incoming;
  }

  #payload(): proto.IClientPayload {
    if (this.#device > 0) {
      return { passive: true, pull: true, username: Number(this.phone), device: this.#device };
    }
    const { signedPreKey, registrationId } = this.#signal.keys;
    return {
      passive: false,
      devicePairingData: {
        eRegid: uintBytes(registrationId, 4),
        eKeytype: Buffer.from([5]),
        eIdent: this.#identity.publicKey,
        eSkeyId: uintBytes(signedPreKey.id, 3),
        eSkeyVal: signedPreKey.pair.publicKey,
        eSkeySig: signedPreKey.signature,
      },
    };
  }

  #send(stanza: Node): void {
    if (this.#outgoing) this.#socket?.send(frame(this.#outgoing.seal(encodeNode(stanza))));
  }

  query(xmlns: string, type: 'get' | 'set', content: Node[]): Promise<Node> {
    const id = `q${this.#nextId++}`;
    this.#send(node('iq', { id, to: serverJid, type, xmlns }, content));
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  #receive(stanza: Node): void {
    const { id = '', from = '' } = stanza.attrs;
    if (stanza.tag === 'iq' && stanza.attrs['type'] === 'set') this.#pair(stanza);
    else if (stanza.tag === 'iq') this.#answers.get(id)?.(stanza);
    else if (stanza.tag === 'success') this.#logIn().catch(() => undefined);
    else if (stanza.tag === 'stream:error') this.#restart(stanza);
    else if (stanza.tag === 'ack') this.counts.acked += 1;
    else if (stanza.tag === 'message') {
      this.counts.received += stanza.attrs['category'] === 'peer' ? 0 : 1;
      this.#send(node('receipt', { id, to: from }));
    } else if (stanza.tag === 'receipt' || stanza.tag === 'notification') {
      if (stanza.tag === 'receipt') this.counts.receipts += 1;
      this.#send(node('ack', { id, to: from, class: stanza.tag }));
    }
  }

  #restart(stanza: Node): void {
    if (stanza.attrs['code'] !== '515') return;
    this.#socket?.close();
    this.#connect();
  }

  #pair(stanza: Node): void {
    const ref = childOf(childOf(stanza, 'pair-device'), 'ref');
    const success = childOf(stanza, 'pair-success');
    const result = { to: serverJid, type: 'result', id: stanza.attrs['id'] };
    if (ref) {
      this.#send(node('iq', result));
      const keys = [this.#noise.publicKey, this.#identity.publicKey, this.#adv].map((key) =>
        key.toString('base64'),
      );
      this.#scan([bytesOf(ref).toString(), ...keys, '1'].join(','), this.phone).catch(() => undefined);
    }
    if (!success) return;
    this.#device = Number(/:(\d+)@/.exec(childOf(success, 'device')?.attrs['jid'] ?? '')?.[1] ?? 1);
    const signed = this.#signIdentity(childBytes(success, 'device-identity'));
    const identity = node('device-identity', { 'key-index': String(this.#device) }, signed);
    this.#send(node('iq', result, [node('pair-device-sign', {}, [identity])]));
  }

  #signIdentity(outer: Buffer): Uint8Array {
    const { details: inner, hmac } = proto.ADVSignedDeviceIdentityHMAC.decode(outer);
    const expected = createHmac('sha256', this.#adv)
      .update(inner ?? Buffer.alloc(0))
      .digest();
    if (!expected.equals(Buffer.from(hmac ?? []))) throw new Error('wrong hmac');
    const identity = proto.ADVSignedDeviceIdentity.decode(inner ?? Buffer.alloc(0));
    const { details, accountSignatureKey } = identity;
    const message = Buffer.concat([
      Buffer.from([6, 1]),
      Buffer.from(details ?? []),
      this.#identity.publicKey,
      Buffer.from(accountSignatureKey ?? []),
    ]);
    identity.deviceSignature = sign(this.#identity.privateKey, message);
    return proto.ADVSignedDeviceIdentity.encode(identity).finish();
  }

  async #logIn(): Promise<void> {
    if (this.#preKeys.size === 0) await this.#upload();
    await this.query('passive', 'set', [node('active')]);
    this.#opened?.();
  }

  #upload(): Promise<Node> {
    const list: Node[] = [];
    for (let id = 1; id <= preKeyCount; id += 1) {
      const pair = makePair();
      this.#preKeys.set(id, pair);
      list.push(node('key', {}, [node('id', {}, uintBytes(id, 3)), node('value', {}, pair.publicKey)]));
    }
    const { signedPreKey } = this.#signal.keys;
    const skey = node('skey', {}, [
      node('id', {}, uintBytes(signedPreKey.id, 3)),
      node('value', {}, signedPreKey.pair.publicKey),
      node('signature', {}, signedPreKey.signature),
    ]);
    return this.query('encrypt', 'set', [node('list', {}, list), skey]);
  }

  async #establish(users: readonly string[]): Promise<void> {
    const missing = users.filter((user) => !this.#signal.hasSession(user, 0));
    if (missing.length === 0) return;
    const asked = missing.map((user) => node('user', { jid: lidJid(user) }));
    const answer = await this.query('encrypt', 'get', [node('key', {}, asked)]);
    const bundles = childrenNamed(childOf(answer, 'list'), 'user').map(readBundle);
    await Promise.all(missing.map((user, at) => this.#signal.establish(user, 0, bundles[at] as Bundle)));
  }

  /** A text to a contact: one copy for it and one for the own phone, as every client sends. */
  async send(number: string, text: string): Promise<void> {
    const users = [lidOf(number), lidOf(this.phone)];
    await this.#establish(users);
    const plain = proto.Message.encode({ conversation: text }).finish();
    const copies: Node[] = [];
    for (const [at, user] of users.entries()) {
      const sealed = await this.#signal.encrypt(user, 0, pad(plain));
      const jid = pnJid(at === 0 ? number : this.phone);
      copies.push(node('to', { jid }, [node('enc', { v: '2', type: sealed.type }, sealed.ciphertext)]));
    }
    this.counts.sent += 1;
    const attrs = { id: `L${this.phone.slice(-6)}${this.#nextId++}`, to: pnJid(number), type: 'text' };
    this.#send(node('message', attrs, [node('participants', {}, copies)]));
  }

  close(): void {
    this.#socket?.terminate();
  }
}

function readBundle(user: Node): Bundle {
  const skey = childOf(user, 'skey');
  const key = childOf(user, 'key');
  return {
    registrationId: uintOf(childBytes(user, 'registration')),
    identityKey: childBytes(user, 'identity'),
    signedPreKey: {
      id: uintOf(childBytes(skey, 'id')),
      publicKey: childBytes(skey, 'value'),
      signature: childBytes(skey, 'signature'),
    },
    preKey: key ? { id: uintOf(childBytes(key, 'id')), publicKey: childBytes(key, 'value') } : null,
  };
}
