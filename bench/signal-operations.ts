/**
 * One variant of `signal.ts` in a fresh process: thread CPU per Signal operation, as JSON on the last line.
 * `ours` is the direct WASM repository over the embedded store, durable before it answers; `stock` is
 * Baileys' own over a JSON store in memory. Arguments: variant, operations.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AuthenticationCreds,
  addTransactionCapability,
  DEFAULT_CONNECTION_CONFIG,
  initAuthCreds,
  type SignalDataTypeMap,
} from '@whiskeysockets/baileys';
import { systemClock } from '../src/clock.ts';
import { openStore } from '../src/store/lmdb/open.ts';
import type { Store } from '../src/store/ports.ts';
import { AccountRecords } from '../src/whatsapp/account-records.ts';
import { createAuthKeys } from '../src/whatsapp/auth-keys.ts';
import { silenceConsole } from '../src/whatsapp/console.ts';
import { generateCurveKeyPair, typedPublicKey } from '../src/whatsapp/curve.ts';
import { LidMapping } from '../src/whatsapp/lid-mapping.ts';
import { silentLogger } from '../src/whatsapp/logger.ts';
import { createSignalPort, type SignalPort } from '../src/whatsapp/signal-repository.ts';
import { jsonKeys } from './baseline-keys.ts';

export interface SignalResult {
  /** Thread CPU ms per operation. */
  readonly encrypt: number;
  readonly decrypt: number;
  /** One message each way, both ends in this thread. */
  readonly turn: number;
  readonly groupEncrypt: number;
  readonly groupDecrypt: number;
}

interface Party {
  readonly jid: string;
  readonly port: SignalPort;
  readonly creds: AuthenticationCreds;
  readonly preKey: SignalDataTypeMap['pre-key'];
}

const group = '120363000000000001@g.us';
const typed = (key: Uint8Array): Buffer => Buffer.from(typedPublicKey(key));
const text = (n: number): Buffer => Buffer.from(`message ${n} of a bench, about as long as most are`);

async function ours(store: Store, jid: string): Promise<Party> {
  const creds = initAuthCreds();
  const records = new AccountRecords(store, jid, () => undefined);
  const lids = new LidMapping(records, systemClock);
  const guard = <T>(work: () => Promise<T>): Promise<T> => work();
  const preKey = generateCurveKeyPair();
  await createAuthKeys(records, guard).set({ 'pre-key': { '1': preKey } });
  const journal = {
    commitDecrypt: (_: Uint8Array, __: Uint8Array, op: { changes: Map<string, Uint8Array | null> }) =>
      records.write(op.changes),
    failed: () => Promise.resolve(undefined),
  };
  return { jid, creds, preKey, port: createSignalPort({ records, lids, creds, guard, journal }) };
}

async function stock(jid: string): Promise<Party> {
  const creds = initAuthCreds();
  const plain = jsonKeys(new Map());
  const preKey = generateCurveKeyPair();
  await plain.set({ 'pre-key': { '1': preKey } });
  const keys = addTransactionCapability(plain, silentLogger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 });
  return {
    jid,
    creds,
    preKey,
    port: DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds, keys }, silentLogger),
  };
}

async function introduce(from: Party, to: Party): Promise<void> {
  const { signedPreKey, signedIdentityKey, registrationId } = to.creds;
  const session = {
    registrationId,
    identityKey: typed(signedIdentityKey.public),
    signedPreKey: {
      keyId: signedPreKey.keyId,
      publicKey: typed(signedPreKey.keyPair.public),
      signature: signedPreKey.signature,
    },
    preKey: { keyId: 1, publicKey: typed(to.preKey.public) },
  };
  await from.port.injectE2ESession({ jid: to.jid, session });
}

const encrypt = (from: Party, to: Party, n: number) =>
  from.port.encryptMessage({ jid: to.jid, data: text(n) });

async function pass(from: Party, to: Party, n: number): Promise<void> {
  await to.port.decryptMessage({ jid: from.jid, ...(await encrypt(from, to, n)) });
}

async function each(count: number, work: (n: number) => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage();
  for (let n = 0; n < count; n += 1) await work(n);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000 / count;
}

async function measured(a: Party, b: Party, count: number): Promise<SignalResult> {
  await introduce(a, b);
  await pass(a, b, 0);
  await pass(b, a, 0);
  await each(20, (n) => pass(a, b, n));
  const sent: Awaited<ReturnType<typeof encrypt>>[] = [];
  const encrypting = await each(count, async (n) => sent.push(await encrypt(a, b, n)));
  const decrypting = await each(count, (n) => b.port.decryptMessage({ jid: a.jid, ...(sent[n] ?? fail()) }));
  const turn = await each(Math.ceil(count / 4), async (n) => {
    await pass(a, b, n);
    await pass(b, a, n);
  });
  const groups: Uint8Array[] = [];
  const few = Math.ceil(count / 4);
  const groupEncrypt = await each(few, async (n) => {
    const out = await a.port.encryptGroupMessage({ group, meId: a.jid, data: text(n) });
    const item = { groupId: group, axolotlSenderKeyDistributionMessage: out.senderKeyDistributionMessage };
    if (n === 0) await b.port.processSenderKeyDistributionMessage({ item, authorJid: a.jid });
    groups.push(out.ciphertext);
  });
  const groupDecrypt = await each(few, (n) =>
    b.port.decryptGroupMessage({ group, authorJid: a.jid, msg: groups[n] ?? fail() }),
  );
  return { encrypt: encrypting, decrypt: decrypting, turn, groupEncrypt, groupDecrypt };
}

function fail(): never {
  throw new Error('a message is missing');
}

async function run(variant: string, count: number): Promise<SignalResult> {
  if (variant === 'stock') return measured(await stock('1@lid'), await stock('2@lid'), count);
  const dir = mkdtempSync(join(tmpdir(), 'elenco-signal-'));
  const identity = { socketHost: 'bench', rootKey: '00' };
  const store = await openStore({ dir, identity, durability: 'process', isOwner: true, clock: systemClock });
  const result = await measured(await ours(store, '1@lid'), await ours(store, '2@lid'), count);
  await store.close();
  rmSync(dir, { recursive: true, force: true });
  return result;
}

silenceConsole();
const [variant = 'ours', count = '400'] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(await run(variant, Number(count)))}\n`);
