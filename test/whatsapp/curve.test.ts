/** The WASM curve against libsignal's JavaScript one, and every way in which a verification must fail. */
import { randomBytes } from 'node:crypto';
import { Curve, proto, WA_CERT_DETAILS } from '@whiskeysockets/baileys';
import { afterEach, expect, test } from 'vitest';
import { makeServerKeys } from '../../src/sandbox/wire/certificates.ts';
import {
  generateCurveKeyPair,
  installCurve,
  requireLeafKey,
  sharedCurveKey,
  signWithCurve,
  trustRoot,
  verifyWithCurve,
} from '../../src/whatsapp/curve.ts';

// Baileys' own members, before they are replaced below.
const stock = { ...Curve };
installCurve();
afterEach(() => requireLeafKey(false));

interface LibsignalCurve {
  verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}
const libsignal = (await import('libsignal/src/curve.js' as string)) as LibsignalCurve;
const typed = (key: Uint8Array): Buffer => Buffer.concat([Buffer.from([5]), key]);
const message = randomBytes(77);

test('both sides agree on shared keys', () => {
  const [ours, theirs] = [generateCurveKeyPair(), stock.generateKeyPair()];
  expect(sharedCurveKey(ours.private, theirs.public)).toEqual(
    stock.sharedKey(theirs.private, Buffer.from(ours.public)),
  );
  expect(sharedCurveKey(ours.private, typed(theirs.public))).toEqual(
    sharedCurveKey(ours.private, theirs.public),
  );
});

test('each side verifies the other’s signatures', () => {
  const [ours, theirs] = [generateCurveKeyPair(), stock.generateKeyPair()];
  const mine = signWithCurve(ours.private, message);
  expect(libsignal.verifySignature(typed(ours.public), message, mine)).toBe(true);
  const foreign = stock.sign(theirs.private, message);
  expect(verifyWithCurve(theirs.public, message, foreign)).toBe(true);
  expect(verifyWithCurve(typed(theirs.public), message, foreign)).toBe(true);
});

test('keys and results are Buffers of Baileys’ sizes', () => {
  const pair = Curve.generateKeyPair();
  expect([pair.public.length, pair.private.length]).toEqual([32, 32]);
  for (const bytes of [pair.public, pair.private, Curve.sign(pair.private, message)]) {
    expect(Buffer.isBuffer(bytes)).toBe(true);
  }
});

test('a signature that held before is no licence for another message, signer or signature', () => {
  const { public: key, private: secret } = generateCurveKeyPair();
  const signature = signWithCurve(secret, message);
  expect([Curve.verify(key, message, signature), Curve.verify(key, message, signature)]).toEqual([
    true,
    true,
  ]);
  const flipped = (bytes: Uint8Array): Buffer => {
    const copy = Buffer.from(bytes);
    copy[3] = (copy[3] ?? 0) ^ 1;
    return copy;
  };
  expect(Curve.verify(key, flipped(message), signature)).toBe(false);
  expect(Curve.verify(key, message, flipped(signature))).toBe(false);
  expect(Curve.verify(flipped(key), message, signature)).toBe(false);
  expect(Curve.verify(key, message, signature)).toBe(true);
});

test('the replaced verify fails where the stock one does not', () => {
  const { public: key, private: secret } = generateCurveKeyPair();
  const signature = signWithCurve(secret, message);
  expect(Curve.verify(key, message, signature)).toBe(true);
  const wrongMessage = Buffer.concat([message, Buffer.from([0])]);
  expect(stock.verify(key, wrongMessage, signature)).toBe(true);
  expect(Curve.verify(key, wrongMessage, signature)).toBe(false);
});

test('any flipped bit, wrong key or wrong length is false, never an exception', () => {
  const { public: key, private: secret } = generateCurveKeyPair();
  const signature = signWithCurve(secret, message);
  for (let byte = 0; byte < signature.length; byte += 1) {
    const forged = Buffer.from(signature);
    forged[byte] = (forged[byte] ?? 0) ^ 4;
    expect(verifyWithCurve(key, message, forged)).toBe(false);
  }
  expect(verifyWithCurve(generateCurveKeyPair().public, message, signature)).toBe(false);
  for (const length of [0, 31, 33, 34]) {
    expect(verifyWithCurve(randomBytes(length).fill(6), message, signature)).toBe(false);
  }
  for (const length of [0, 63, 65]) expect(verifyWithCurve(key, message, randomBytes(length))).toBe(false);
  expect(() => sharedCurveKey(secret, randomBytes(5))).toThrow(/key agreement failed/);
});

test('a leaf certificate for another key than the server’s is refused where it must match', () => {
  const keys = makeServerKeys(randomBytes(32), 1_700_000_000_000);
  trustRoot(Buffer.from(keys.rootKey, 'hex'));
  const { intermediate, leaf } = proto.CertChain.decode(keys.chain);
  const signer =
    proto.CertChain.NoiseCertificate.Details.decode(intermediate?.details ?? message).key ?? message;
  const verifyLeaf = (): boolean =>
    Curve.verify(signer, leaf?.details ?? message, leaf?.signature ?? message);
  const verifyIntermediate = (): boolean =>
    Curve.verify(
      WA_CERT_DETAILS.PUBLIC_KEY,
      intermediate?.details ?? message,
      intermediate?.signature ?? message,
    );
  const { private: secret } = generateCurveKeyPair();
  requireLeafKey(true);
  Curve.sharedKey(secret, keys.staticPair.publicKey);
  expect([verifyLeaf(), verifyIntermediate()]).toEqual([true, true]);
  Curve.sharedKey(secret, generateCurveKeyPair().public);
  expect(verifyLeaf()).toBe(false);
  // The one agreement vouches for one verification.
  Curve.sharedKey(secret, keys.staticPair.publicKey);
  expect([verifyLeaf(), verifyLeaf()]).toEqual([true, false]);
  requireLeafKey(false);
  Curve.sharedKey(secret, generateCurveKeyPair().public);
  expect(verifyLeaf()).toBe(true);
});
