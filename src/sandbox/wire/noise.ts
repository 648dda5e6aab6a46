/**
 * Noise_XX_25519_AESGCM_SHA256, server side: handshake state, then one cipher per direction. One per
 * connection. Knows keys and bytes only: no sockets, no nodes.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { agree, type CurvePair } from '../signal/curve.ts';

/** "WA", protocol 6, dictionary 3: precedes the first frame and is mixed into the handshake. */
export const connectionHeader = Buffer.from([0x57, 0x41, 6, 3]);
const mode = Buffer.from('Noise_XX_25519_AESGCM_SHA256\0\0\0\0', 'latin1');
const tagBytes = 16;

function nonce(counter: number): Buffer {
  const iv = Buffer.alloc(12);
  iv.writeUInt32BE(counter, 8);
  return iv;
}

function seal(key: KeyObject, counter: number, plain: Uint8Array, aad: Uint8Array | null): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(counter));
  if (aad) cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function open(key: KeyObject, counter: number, sealed: Buffer, aad: Uint8Array | null): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(counter));
  if (aad) decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
}

const expand = (input: Uint8Array, salt: Uint8Array): Buffer =>
  Buffer.from(hkdfSync('sha256', input, salt, '', 64));

/** One direction of the established connection: every call uses up one counter value. */
export class Transport {
  readonly #key: KeyObject;
  #counter = 0;

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
  }

  seal(plain: Uint8Array): Buffer {
    return seal(this.#key, this.#counter++, plain, null);
  }

  open(sealed: Buffer): Buffer {
    return open(this.#key, this.#counter++, sealed, null);
  }
}

export class ServerHandshake {
  #hash: Buffer = mode;
  #salt: Buffer = mode;
  #key: KeyObject = createSecretKey(mode);
  #counter = 0;
  #ephemeral: CurvePair;

  constructor(ephemeral: CurvePair, clientEphemeral: Uint8Array) {
    this.#ephemeral = ephemeral;
    this.#mixHash(connectionHeader);
    this.#mixHash(clientEphemeral);
    this.#mixHash(ephemeral.publicKey);
    this.#mixKey(agree(clientEphemeral, ephemeral.privateKey));
    this.#clientEphemeral = clientEphemeral;
  }

  readonly #clientEphemeral: Uint8Array;

  #mixHash(data: Uint8Array): void {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest();
  }

  #mixKey(shared: Uint8Array): void {
    const derived = expand(shared, this.#salt);
    this.#salt = derived.subarray(0, 32);
    this.#key = createSecretKey(derived.subarray(32));
    this.#counter = 0;
  }

  #seal(plain: Uint8Array): Buffer {
    const sealed = seal(this.#key, this.#counter++, plain, this.#hash);
    this.#mixHash(sealed);
    return sealed;
  }

  #open(sealed: Buffer): Buffer {
    const plain = open(this.#key, this.#counter++, sealed, this.#hash);
    this.#mixHash(sealed);
    return plain;
  }

  /** The three fields of the server hello. */
  hello(
    staticPair: CurvePair,
    chain: Uint8Array,
  ): { ephemeral: Uint8Array; static: Buffer; payload: Buffer } {
    const sealedStatic = this.#seal(staticPair.publicKey);
    this.#mixKey(agree(this.#clientEphemeral, staticPair.privateKey));
    return { ephemeral: this.#ephemeral.publicKey, static: sealedStatic, payload: this.#seal(chain) };
  }

  /** Opens the client's finish; throws when it does not authenticate. */
  finish(sealedStatic: Buffer, sealedPayload: Buffer): { noiseKey: Buffer; payload: Buffer } {
    const noiseKey = this.#open(sealedStatic);
    this.#mixKey(agree(noiseKey, this.#ephemeral.privateKey));
    return { noiseKey, payload: this.#open(sealedPayload) };
  }

  split(): { incoming: Transport; outgoing: Transport } {
    const derived = expand(Buffer.alloc(0), this.#salt);
    return {
      incoming: new Transport(derived.subarray(0, 32)),
      outgoing: new Transport(derived.subarray(32)),
    };
  }
}
