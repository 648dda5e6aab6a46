/**
 * The phone's side of scanning a QR: reads the text that the gateway shows and pairs the account.
 * Called by `sandbox.scan` and the control API.
 */
import type { World } from '../world.ts';
import { completePairing, type Paired } from './pair-success.ts';

interface QrText {
  readonly ref: string;
  readonly noiseKey: Buffer;
  readonly advSecret: Buffer;
}

/** Both forms: with rc14's URL before `#`, and the bare comma list of older versions. */
function readQr(qr: string): QrText {
  const [ref = '', noiseKey = '', , advSecret = ''] = qr.slice(qr.indexOf('#') + 1).split(',');
  return { ref, noiseKey: Buffer.from(noiseKey, 'base64'), advSecret: Buffer.from(advSecret, 'base64') };
}

/** Throws when nobody shows that QR any more or its keys are not those of the connection. */
export async function scanQr(world: World, qr: string, phone: string): Promise<Paired> {
  const { ref, noiseKey, advSecret } = readQr(qr);
  const candidate = world.pairing.byRef(ref);
  if (!candidate) throw new Error('no connection shows this QR');
  if (!candidate.keys.noiseKey.equals(noiseKey)) throw new Error('the QR belongs to another connection');
  if (candidate.pending) throw new Error('this QR is being scanned');
  return completePairing(world, world.accounts.ensure(phone), candidate, advSecret);
}
