/**
 * The sandbox's own certificate chain (root, serial 0 → intermediate → leaf), as `WA_ROOT_KEY` trusts it.
 * Made once per sandbox. It never uses WhatsApp's root.
 */
import { type CurvePair, derivePair, sign } from '../signal/curve.ts';
import { proto } from './proto.ts';

export interface ServerKeys {
  /** 64 hex digits for `WA_ROOT_KEY`. */
  readonly rootKey: string;
  readonly staticPair: CurvePair;
  /** Encoded CertChain, sent encrypted inside every handshake. */
  readonly chain: Uint8Array;
}

const { CertChain } = proto;
const year = 365 * 86_400;

function certificate(
  issuer: CurvePair,
  subject: CurvePair,
  serial: number,
  issuerSerial: number,
  nowS: number,
) {
  const details = CertChain.NoiseCertificate.Details.encode({
    serial,
    issuerSerial,
    key: subject.publicKey,
    notBefore: nowS - year,
    notAfter: nowS + 10 * year,
  }).finish();
  return { details, signature: sign(issuer.privateKey, details) };
}

/** All keys follow from `secret`, so that a restarted sandbox is trusted under the same root key. */
export function makeServerKeys(secret: Uint8Array, nowMs: number): ServerKeys {
  const nowS = Math.floor(nowMs / 1000);
  const root = derivePair(secret, 'root');
  const intermediate = derivePair(secret, 'intermediate');
  const staticPair = derivePair(secret, 'static');
  const chain = CertChain.encode({
    intermediate: certificate(root, intermediate, 1, 0, nowS),
    leaf: certificate(intermediate, staticPair, 2, 1, nowS),
  }).finish();
  return { rootKey: root.publicKey.toString('hex'), staticPair, chain };
}
