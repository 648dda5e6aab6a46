/**
 * Curve25519 from the WASM bridge: key pairs, agreement, XEdDSA signatures. The only file that touches
 * those primitives. Public keys are 32 bytes here; Signal's leading type byte 05 is added by `typed`.
 */
import { createHmac } from 'node:crypto';
import {
  calculateAgreement,
  calculateSignature,
  generateKeyPair,
  verifySignature,
} from 'whatsapp-rust-bridge';

export interface CurvePair {
  readonly publicKey: Buffer;
  readonly privateKey: Buffer;
}

const withoutType = (key: Uint8Array): Buffer => Buffer.from(key.length === 33 ? key.subarray(1) : key);

/** The 33-byte form that Signal records and bundles want. */
export const typed = (publicKey: Uint8Array): Buffer =>
  publicKey.length === 33 ? Buffer.from(publicKey) : Buffer.concat([Buffer.from([5]), publicKey]);

export function makePair(): CurvePair {
  const pair = generateKeyPair();
  return { publicKey: withoutType(pair.pubKey), privateKey: Buffer.from(pair.privKey) };
}

const basePoint = Buffer.alloc(32);
basePoint[0] = 9;

/**
 * The pair of a private key: agreement with the base point. The bridge's own `getPublicFromPrivateKey`
 * gives another point (seen with 0.5.4: it differs from the public key that it made itself).
 */
export function pairOf(privateKey: Uint8Array): CurvePair {
  return { publicKey: agree(basePoint, privateKey), privateKey: Buffer.from(privateKey) };
}

/** A pair that follows from a secret and a name: the same names give the same keys after a restart. */
export function derivePair(secret: Uint8Array, name: string): CurvePair {
  const key = createHmac('sha256', secret).update(name).digest();
  key[0] = (key[0] ?? 0) & 248;
  key[31] = ((key[31] ?? 0) & 127) | 64;
  return pairOf(key);
}

export const agree = (publicKey: Uint8Array, privateKey: Uint8Array): Buffer =>
  Buffer.from(calculateAgreement(typed(publicKey), privateKey));

export const sign = (privateKey: Uint8Array, message: Uint8Array): Buffer =>
  Buffer.from(calculateSignature(privateKey, message));

/** The real result, unlike Baileys' `Curve.verify`; false for malformed input too. */
export function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  try {
    return verifySignature(typed(publicKey), message, signature);
  } catch {
    return false;
  }
}
