/**
 * Pairing by code: the server's relay of the exchange and the phone's side of it. The gateway shows
 * eight characters, the phone types them (`typeCode`). Stage names and formats as on the wire.
 */
import { createCipheriv, createDecipheriv, hkdfSync, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { agree, makePair } from '../signal/curve.ts';
import { parseJid, serverJid } from '../wire/jid.ts';
import { childBytes, type Node, node } from '../wire/node.ts';
import type { World } from '../world.ts';
import { completePairing, type Paired } from './pair-success.ts';
import { answerOf, type Candidate, type CodePairing } from './pairing-desk.ts';

const stretch = promisify(pbkdf2);
const iterations = 131_072;
const bundleInfo = 'link_code_pairing_key_bundle_encryption_key';

const codeKey = (code: string, salt: Uint8Array): Promise<Buffer> =>
  stretch(code, salt, iterations, 32, 'sha256');

/** `companion_hello`: remembers the wrapped key until somebody types the code on that phone. */
export function startCodePairing(world: World, candidate: Candidate, request: Node): void {
  world.pairing.askCode(candidate, {
    phone: parseJid(request.attrs['jid'] ?? '').user,
    wrappedCompanionKey: childBytes(request, 'link_code_pairing_wrapped_companion_ephemeral_pub'),
    ephemeral: null,
    companionEphemeral: null,
    ref: randomBytes(16),
  });
}

async function wrapKey(key: Buffer, code: string): Promise<Buffer> {
  const salt = randomBytes(32);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', await codeKey(code, salt), iv);
  return Buffer.concat([salt, iv, cipher.update(key), cipher.final()]);
}

async function unwrapKey(wrapped: Buffer, code: string): Promise<Buffer> {
  const key = await codeKey(code, wrapped.subarray(0, 32));
  return createDecipheriv('aes-256-ctr', key, wrapped.subarray(32, 48)).update(wrapped.subarray(48, 80));
}

/** The phone's owner types the code: `primary_hello` goes out and the pairing runs to its end. */
export async function typeCode(world: World, phone: string, code: string): Promise<Paired> {
  const candidate = await world.pairing.whenAsked(phone);
  const exchange = candidate.code;
  if (!exchange) throw new Error(`no code was asked for ${phone}`);
  exchange.companionEphemeral = await unwrapKey(exchange.wrappedCompanionKey, code);
  exchange.ephemeral = makePair();
  const account = world.accounts.ensure(phone);
  const finished = whenFinished(candidate, exchange);
  candidate.link.send(
    node('notification', primaryAttrs(world), [
      node('link_code_companion_reg', { stage: 'primary_hello' }, [
        node(
          'link_code_pairing_wrapped_primary_ephemeral_pub',
          {},
          await wrapKey(exchange.ephemeral.publicKey, code),
        ),
        node('primary_identity_pub', {}, account.phoneDevice.keys.identity.publicKey),
        node('link_code_pairing_ref', {}, exchange.ref),
      ]),
    ]),
  );
  const advSecret = openKeyBundle(exchange, await finished, account.phoneDevice.keys.identity.privateKey);
  return completePairing(world, account, candidate, advSecret);
}

const primaryAttrs = (world: World) => ({
  from: serverJid,
  type: 'link_code_companion_reg',
  id: world.stanzaId('C'),
  t: world.nowSeconds(),
});

const finishing = new WeakMap<CodePairing, (request: Node) => void>();

const whenFinished = (candidate: Candidate, exchange: CodePairing): Promise<Node> =>
  answerOf(candidate, (accept) => void finishing.set(exchange, accept));

/** `companion_finish` came in (it was answered already). */
export function finishCodePairing(candidate: Candidate, request: Node): void {
  if (candidate.code) finishing.get(candidate.code)?.(request);
}

/** Opens the companion's key bundle and derives the secret that signs the device list. */
function openKeyBundle(exchange: CodePairing, request: Node, identityKey: Buffer): Buffer {
  if (!exchange.ephemeral || !exchange.companionEphemeral) throw new Error('code pairing out of order');
  const bundle = childBytes(request, 'link_code_pairing_wrapped_key_bundle');
  const shared = agree(exchange.companionEphemeral, exchange.ephemeral.privateKey);
  const key = Buffer.from(hkdfSync('sha256', shared, bundle.subarray(0, 32), bundleInfo, 32));
  const decipher = createDecipheriv('aes-256-gcm', key, bundle.subarray(32, 44));
  decipher.setAuthTag(bundle.subarray(-16));
  const plain = Buffer.concat([decipher.update(bundle.subarray(44, -16)), decipher.final()]);
  const companionIdentity = plain.subarray(0, 32);
  const secret = Buffer.concat([shared, agree(companionIdentity, identityKey), plain.subarray(64, 96)]);
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), 'adv_secret', 32));
}
