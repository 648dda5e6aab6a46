/**
 * Baileys' `Curve` object, replaced in place by the WASM primitives that Baileys ships: 5–80 times faster
 * than the plain JavaScript ones, and `verify` answers the real result (stock rc14 accepts any 64 bytes).
 * Called by `install.ts` once a thread. Never throws in `verify`; knows nothing of sockets or sessions.
 */
import { Curve, proto, WA_CERT_DETAILS } from '@whiskeysockets/baileys';
import {
  calculateAgreement,
  calculateSignature,
  generateKeyPair,
  verifySignature,
} from 'whatsapp-rust-bridge';
import { BoundedMap } from './bounded-map.ts';

const keyTypeDjb = 5;
const rawKeyBytes = 32;
const typedKeyBytes = 33;
const signatureBytes = 64;
/** WhatsApp's two certificates, the next pair of them, and some to spare. */
const verifiedMax = 8;
const verifiedMessageBytesMax = 256;

/** The 33-byte form (type byte 5, then the key) of a raw or already typed public key. */
export function typedPublicKey(key: Uint8Array): Uint8Array {
  if (key.length === typedKeyBytes) return key;
  const typed = new Uint8Array(key.length + 1);
  typed[0] = keyTypeDjb;
  typed.set(key, 1);
  return typed;
}

function isPublicKey(key: Uint8Array): boolean {
  return key.length === rawKeyBytes || (key.length === typedKeyBytes && key[0] === keyTypeDjb);
}

const view = (bytes: Uint8Array): Buffer<ArrayBuffer> => Buffer.from(bytes);

export function generateCurveKeyPair(): { public: Buffer<ArrayBuffer>; private: Buffer<ArrayBuffer> } {
  const { pubKey, privKey } = generateKeyPair();
  return { private: view(privKey), public: view(pubKey.subarray(1)) };
}

export function sharedCurveKey(privateKey: Uint8Array, publicKey: Uint8Array): Buffer<ArrayBuffer> {
  try {
    return view(calculateAgreement(typedPublicKey(publicKey), privateKey));
  } catch (reason) {
    throw new Error(`key agreement failed: ${String(reason)}`);
  }
}

export function signWithCurve(privateKey: Uint8Array, message: Uint8Array): Buffer<ArrayBuffer> {
  try {
    return view(calculateSignature(privateKey, message));
  } catch (reason) {
    throw new Error(`signature failed: ${String(reason)}`);
  }
}

/** XEdDSA over Curve25519. Wrong lengths and malformed keys are a false result. */
export function verifyWithCurve(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isPublicKey(publicKey) || signature.length !== signatureBytes) return false;
  try {
    return verifySignature(typedPublicKey(publicKey), message, signature);
  } catch {
    return false;
  }
}

/** The key that a certificate vouches for, or undefined where the bytes are no certificate details. */
function certifiedKey(message: Uint8Array): Uint8Array | undefined {
  try {
    const { key } = proto.CertChain.NoiseCertificate.Details.decode(message);
    return key?.length === rawKeyBytes ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Ties the certificate to the connection. Baileys checks the chain but never compares the leaf's key with
 * the server's static key, so that a recorded genuine chain would vouch for anybody. Its handshake is one
 * synchronous run: agreement with the ephemeral, agreement with the static key, verification of the leaf.
 * Hence the last agreement before a leaf is verified was made with the server's static key.
 */
class LeafCheck {
  isRequired = false;
  private lastAgreed: Uint8Array | undefined;

  agreed(publicKey: Uint8Array): void {
    this.lastAgreed = publicKey;
  }

  /** False when `message` is a leaf certificate for another key than the server's. */
  passes(signer: Uint8Array, message: Uint8Array): boolean {
    if (!this.isRequired || Buffer.compare(signer, WA_CERT_DETAILS.PUBLIC_KEY) === 0) return true;
    const key = certifiedKey(message);
    if (!key) return true;
    const agreed = this.lastAgreed;
    this.lastAgreed = undefined;
    return agreed !== undefined && Buffer.compare(key, agreed) === 0;
  }
}

const leafCheck = new LeafCheck();

/**
 * Whether the leaf certificate must carry the server's static key. True for WhatsApp's own hosts and for
 * any own root; a test server that replays WhatsApp's public chain cannot fulfil it.
 */
export function requireLeafKey(isRequired: boolean): void {
  leafCheck.isRequired = isRequired;
}

/**
 * Signatures that held, by signer, message and signature whole: every handshake brings the same two
 * certificates. Only what is true is remembered; a changed bit is another key and verified anew.
 */
const verified = new BoundedMap<true>(verifiedMax);

function verifyOnce(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = Buffer.concat([typedPublicKey(publicKey), signature, message]).toString('latin1');
  if (verified.get(key)) return true;
  const holds = verifyWithCurve(publicKey, message, signature);
  if (holds && message.length <= verifiedMessageBytesMax) verified.set(key, true);
  return holds;
}

/** Overrides the members of Baileys' `Curve`; every user of it in Baileys then gets these. */
export function installCurve(): void {
  Curve.generateKeyPair = generateCurveKeyPair;
  Curve.sharedKey = (privateKey, publicKey) => {
    leafCheck.agreed(publicKey);
    return sharedCurveKey(privateKey, publicKey);
  };
  Curve.sign = signWithCurve;
  Curve.verify = (publicKey, message, signature) =>
    verifyOnce(publicKey, message, signature) && leafCheck.passes(publicKey, message);
}

/** The certificate root that every later handshake of this thread trusts: 32 bytes. */
export function trustRoot(rootKey: Uint8Array): void {
  WA_CERT_DETAILS.PUBLIC_KEY = view(rootKey);
}
