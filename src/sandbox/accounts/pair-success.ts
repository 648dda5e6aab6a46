/**
 * The end of both kinds of pairing: sign the device as the phone does, send `pair-success`, check the
 * device's own signature, register the companion and ask it to reconnect (515).
 */
import { createHmac, randomInt } from 'node:crypto';
import { isSignedBy, sign } from '../signal/curve.ts';
import { serverJid } from '../wire/jid.ts';
import { node } from '../wire/node.ts';
import { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import type { Account } from './account.ts';
import { Companion } from './companion.ts';
import { noticeDevice } from './device-notice.ts';
import { answerOf, type Candidate } from './pairing-desk.ts';

const accountPrefix = Buffer.from([6, 0]);
const devicePrefix = Buffer.from([6, 1]);

export interface Paired {
  readonly phone: string;
  readonly jid: string;
  readonly lid: string;
  readonly device: number;
}

interface SignedIdentity {
  readonly details: Uint8Array;
  /** ADVSignedDeviceIdentityHMAC, as `pair-success` carries it. */
  readonly outer: Uint8Array;
}

function signDevice(
  world: World,
  account: Account,
  candidate: Candidate,
  secret: Uint8Array,
): SignedIdentity {
  const { identity } = account.phoneDevice.keys;
  const details = proto.ADVDeviceIdentity.encode({
    rawId: randomInt(1, 0x7fffffff),
    timestamp: Math.floor(world.clock.now() / 1000),
    keyIndex: account.nextDevice,
    accountType: 0,
    deviceType: 0,
  }).finish();
  const message = Buffer.concat([accountPrefix, details, candidate.keys.identityKey]);
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: identity.publicKey,
    accountSignature: sign(identity.privateKey, message),
  }).finish();
  const hmac = createHmac('sha256', secret).update(signed).digest();
  return { details, outer: proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac }).finish() };
}

function checkAnswer(account: Account, candidate: Candidate, details: Uint8Array, answer: Buffer): void {
  const identity = proto.ADVSignedDeviceIdentity.decode(answer);
  const key = account.phoneDevice.keys.identity.publicKey;
  const message = Buffer.concat([devicePrefix, details, candidate.keys.identityKey, key]);
  if (isSignedBy(candidate.keys.identityKey, message, identity.deviceSignature ?? Buffer.alloc(0))) return;
  throw new Error('pairing refused: the device signature is wrong');
}

function register(world: World, account: Account, candidate: Candidate): Companion {
  const companion = new Companion(account, account.nextDevice++, candidate.keys, candidate.signedPreKey);
  world.accounts.add(companion);
  world.pairing.withdraw(candidate);
  world.counters.add('pairings', account.phone);
  noticeDevice(world, companion, 'add');
  world.changed();
  world.log.info({ account: account.phone, device: companion.device }, 'paired');
  return companion;
}

/** `advSecret` comes from the QR text or from the code exchange; the server never sees it otherwise. */
export async function completePairing(
  world: World,
  account: Account,
  candidate: Candidate,
  advSecret: Uint8Array,
): Promise<Paired> {
  const { details, outer } = signDevice(world, account, candidate, advSecret);
  const draft = new Companion(account, account.nextDevice, candidate.keys, candidate.signedPreKey);
  const id = world.stanzaId('P');
  const answered = answerOf<Buffer>(candidate, (accept) => {
    candidate.pending = { id, accept };
  });
  const success = node('pair-success', {}, [
    node('device-identity', {}, outer),
    node('platform', { name: 'android' }),
    node('device', { jid: draft.pn, lid: draft.lid }),
  ]);
  candidate.link.send(node('iq', { from: serverJid, type: 'set', id, xmlns: 'md' }, [success]));
  checkAnswer(account, candidate, details, await answered);
  const companion = register(world, account, candidate);
  candidate.link.send(node('stream:error', { code: '515' }));
  candidate.link.end();
  return { phone: account.phone, jid: companion.pn, lid: companion.lid, device: companion.device };
}
