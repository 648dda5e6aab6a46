/**
 * A connection without credentials: reads its public keys and offers the references that become QR
 * codes. Called when a connection identifies itself with pairing data.
 */
import { randomBytes } from 'node:crypto';
import type { Candidate } from '../accounts/pairing-desk.ts';
import { limits } from '../limits.ts';
import { serverJid } from '../wire/jid.ts';
import { node, uintOf } from '../wire/node.ts';
import type { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import type { Connection } from './connection.ts';

const bytes = (value: Uint8Array | null | undefined): Buffer => Buffer.from(value ?? []);

export function startRegistration(
  world: World,
  connection: Connection,
  noiseKey: Buffer,
  data: proto.ClientPayload.IDevicePairingRegistrationData,
): void {
  const refs = Array.from({ length: limits.qrRefs }, () => `2@${randomBytes(96).toString('base64')}`);
  const candidate: Candidate = {
    link: connection,
    keys: { noiseKey, identityKey: bytes(data.eIdent), registrationId: uintOf(bytes(data.eRegid)) },
    signedPreKey: {
      id: uintOf(bytes(data.eSkeyId)),
      publicKey: bytes(data.eSkeyVal),
      signature: bytes(data.eSkeySig),
    },
    refs,
    code: null,
    pending: null,
    ending: new AbortController(),
  };
  connection.candidate = candidate;
  world.pairing.show(candidate);
  const shown = refs.map((ref) => node('ref', {}, Buffer.from(ref)));
  const attrs = { from: serverJid, type: 'set', id: world.stanzaId('R'), xmlns: 'md' };
  connection.send(node('iq', attrs, [node('pair-device', {}, shown)]));
}
