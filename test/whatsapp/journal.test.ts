/** The direct journal: one commit for session and event, and redeliveries after a crash at every point. */
import { type BinaryNode, encodeWAMessage, initAuthCreds, type proto } from '@whiskeysockets/baileys';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { ReceivedMessage } from '../../src/protocol/message.ts';
import type { StoreWrite } from '../../src/store/ports.ts';
import { silenceConsole } from '../../src/whatsapp/console.ts';
import { Journal } from '../../src/whatsapp/journal.ts';
import type { MemoryStore } from './support/memory-store.ts';
import { createWasmParty, introduce, type WasmParty } from './support/signal-party.ts';

const instance = 'one';
const group = '120363000000000001@g.us';
const me = {
  jid: '5511900000002@s.whatsapp.net',
  pn: '5511900000002@s.whatsapp.net',
  lid: '2@lid',
  name: null,
};

beforeAll(() => {
  silenceConsole();
});

interface Receiver {
  readonly party: WasmParty;
  readonly journal: Journal;
}

let sender: WasmParty;
let store: MemoryStore;
let creds: ReturnType<typeof initAuthCreds>;
let received: ReceivedMessage[];
let recorded: (readonly StoreWrite[])[];
let refusal: Error | undefined;

/** Of whichever store the party has by then. */
const liveOutbox = { seqOf: (...key: [string, string, string, string]) => store.outbox.seqOf(...key) };

const reads = { outbox: liveOutbox, conversations: { messagesOf: () => [] } };

async function record(message: ReceivedMessage): Promise<readonly StoreWrite[]> {
  if (refusal) throw refusal;
  const { id, chat, from } = message;
  if ((await store.outbox.seqOf(instance, chat.jid, from.jid, id)) !== undefined) return [];
  received.push(message);
  return [{ to: 'dedupe', instance, chat: chat.jid, sender: from.jid, id, seq: received.length }];
}

/** The receiving account as a process finds it: again after every crash. */
async function started(isRestart: boolean): Promise<Receiver> {
  let journal: Journal | undefined;
  const party = await createWasmParty('2@lid', {
    creds,
    ...(isRestart ? { store } : {}),
    makeJournal: (records, lids) => {
      const options = { record, recorded: (writes: readonly StoreWrite[]) => void recorded.push(writes) };
      journal = new Journal({ instance, lids, me: () => me, records, ...reads, options });
      return journal;
    },
  });
  store = party.store;
  return { party, journal: journal as Journal };
}

beforeEach(async () => {
  received = [];
  recorded = [];
  refusal = undefined;
  creds = initAuthCreds();
  sender = await createWasmParty('1@lid');
});

const stanzaOf = (attrs: Record<string, string>, encs: BinaryNode[]): BinaryNode => ({
  tag: 'message',
  attrs: { id: 'A1', from: sender.jid, t: '1700000000', type: 'text', ...attrs },
  content: encs,
});

const enc = (type: string, content: Uint8Array): BinaryNode => ({
  tag: 'enc',
  attrs: { v: '2', type },
  content,
});

async function directEnc(message: proto.IMessage): Promise<BinaryNode> {
  const { type, ciphertext } = await sender.port.encryptMessage({
    jid: me.lid,
    data: encodeWAMessage(message),
  });
  return enc(type, ciphertext);
}

/** As the wire delivers it: every delivery has bytes of its own. */
async function deliver(
  { party, journal }: Receiver,
  stanza: BinaryNode,
  only?: number,
): Promise<Uint8Array[]> {
  const parts = (stanza.content as BinaryNode[]).map((part) => ({
    ...part,
    content: Buffer.from(part.content as Uint8Array),
  }));
  journal.expect({ ...stanza, content: parts });
  const plaintexts: Uint8Array[] = [];
  for (const [index, { attrs, content }] of parts.entries()) {
    if (only !== undefined && index > only) break;
    const type = attrs['type'] as 'pkmsg' | 'msg' | 'skmsg';
    const authorJid = stanza.attrs['participant'] ?? sender.jid;
    plaintexts.push(
      type === 'skmsg'
        ? await party.port.decryptGroupMessage({ group, authorJid, msg: content })
        : await party.port.decryptMessage({ jid: sender.jid, type, ciphertext: content }),
    );
  }
  return plaintexts;
}

const text = (conversation: string): proto.IMessage => ({ conversation });
const isEmpty = (plaintext: Uint8Array | undefined): boolean => plaintext?.length === 1 && plaintext[0] === 1;

test('session and event are one commit, and the event is told after it', async () => {
  const receiver = await started(false);
  await introduce(sender, receiver.party, 1);
  const before = store.commits.length;
  await deliver(receiver, stanzaOf({ notify: 'Ana', offline: '0' }, [await directEnc(text('hi'))]));
  const commits = store.commits.slice(before);
  expect(commits.length).toBe(1);
  expect(commits[0]?.map(({ to }) => to).sort()).toEqual(['dedupe', 'signal', 'signal', 'signal']);
  expect(received[0]).toMatchObject({ id: 'A1', text: 'hi', type: 'text', pushName: 'Ana', offline: true });
  expect(received[0]?.from).toEqual({ jid: '1@lid', pn: null, lid: '1@lid' });
  expect(recorded.length).toBe(1);
});

// How messages were lost: the process died after the commit and before the receipt; the redelivered
// message failed with "Key used already", which Baileys answers with a refusal and no event.
test.each(['first message', 'later message'])(
  'a redelivered %s whose event is durable is swallowed',
  async (kind) => {
    const receiver = await started(false);
    await introduce(sender, receiver.party, 1);
    if (kind === 'later message')
      await deliver(receiver, stanzaOf({ id: 'A0' }, [await directEnc(text('x'))]));
    const stanza = stanzaOf({}, [await directEnc(text('hi'))]);
    await deliver(receiver, stanza);
    const count = received.length;
    const again = await started(true);
    expect(isEmpty((await deliver(again, stanza))[0])).toBe(true);
    expect(received.length).toBe(count);
    await deliver(again, stanzaOf({ id: 'A2' }, [await directEnc(text('next'))]));
    expect(received.at(-1)?.text).toBe('next');
  },
);

test('an undecryptable message that is not durable stays an error', async () => {
  const receiver = await started(false);
  await introduce(sender, receiver.party, 1);
  const part = await directEnc(text('hi'));
  await deliver(receiver, stanzaOf({}, [part]));
  await expect(deliver(receiver, stanzaOf({ id: 'OTHER' }, [part]))).rejects.toThrow('Key used already');
});

test('a message sent again under its id is decrypted really and told once', async () => {
  const receiver = await started(false);
  await introduce(sender, receiver.party, 1);
  await deliver(receiver, stanzaOf({}, [await directEnc(text('hi'))]));
  const [plaintext] = await deliver(receiver, stanzaOf({}, [await directEnc(text('hi'))]));
  expect(isEmpty(plaintext)).toBe(false);
  expect(received.length).toBe(1);
});

test('when the event cannot be made, the key is not used up', async () => {
  const receiver = await started(false);
  await introduce(sender, receiver.party, 1);
  const stanza = stanzaOf({}, [await directEnc(text('hi'))]);
  refusal = new Error('no');
  await expect(deliver(receiver, stanza)).rejects.toThrow('no');
  refusal = undefined;
  await deliver(await started(true), stanza);
  expect(received.map((message) => message.text)).toEqual(['hi']);
});

test('a protocol message of the own phone is answered again with its plaintext', async () => {
  const receiver = await started(false);
  await introduce(sender, receiver.party, 1);
  const share = { protocolMessage: { type: 6, appStateSyncKeyShare: { keys: [] } } };
  const stanza = stanzaOf({ category: 'peer' }, [await directEnc(share)]);
  const [first] = await deliver(receiver, stanza);
  const [second] = await deliver(await started(true), stanza);
  expect(Buffer.from(second ?? [])).toEqual(Buffer.from(first ?? []));
  expect(received).toEqual([]);
});

async function groupStanza(id: string, message: proto.IMessage, withKey: boolean): Promise<BinaryNode> {
  const data = encodeWAMessage(message);
  const sent = await sender.port.encryptGroupMessage({ group, meId: sender.jid, data });
  const parts = [enc('skmsg', sent.ciphertext)];
  if (withKey) {
    const axolotlSenderKeyDistributionMessage = sent.senderKeyDistributionMessage;
    const key = { senderKeyDistributionMessage: { groupId: group, axolotlSenderKeyDistributionMessage } };
    parts.unshift(await directEnc(key));
  }
  return stanzaOf({ id, from: group, participant: sender.jid }, parts);
}

test('a group message with its key is told once, with the key in the session’s commit', async () => {
  const receiver = await started(false);
  await introduce(sender, receiver.party, 1);
  const before = store.commits.length;
  await deliver(receiver, await groupStanza('G1', text('first'), true));
  const keys = store.commits[before]?.map((write) => (write.to === 'signal' ? write.key : write.to));
  expect(keys).toContain(`sender-key:${group}::1_1::0`);
  await deliver(receiver, await groupStanza('G2', text('second'), false));
  expect(received.map((message) => message.text)).toEqual(['first', 'second']);
  expect(received[0]).toMatchObject({ chat: { jid: group }, from: { jid: '1@lid' }, to: { jid: group } });
});

test('a crash between the two parts of a group message loses nothing', async () => {
  const receiver = await started(false);
  await introduce(sender, receiver.party, 1);
  const stanza = await groupStanza('G1', text('first'), true);
  await deliver(receiver, stanza, 0);
  expect(received).toEqual([]);
  const again = await started(true);
  const [key] = await deliver(again, stanza);
  expect(isEmpty(key)).toBe(true);
  expect(received.map((message) => message.text)).toEqual(['first']);
  const third = await started(true);
  expect((await deliver(third, stanza)).every(isEmpty)).toBe(true);
  expect(received.length).toBe(1);
});
