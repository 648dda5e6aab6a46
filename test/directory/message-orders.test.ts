/** What may still be done to a kept message, over a real store and a clock that the test sets. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { StoredConversations } from '../../src/directory/conversations.ts';
import { editWindowMs, revokeWindowMs } from '../../src/limits.ts';
import type { MessageOperation } from '../../src/protocol/conversations.ts';
import type { KeptMessage } from '../../src/store/conversation-ports.ts';
import { openStore } from '../../src/store/lmdb/open.ts';
import type { Store } from '../../src/store/ports.ts';
import { kept } from '../store/conversations-contract.ts';

const sentAt = 1_800_000_000_000;
const instance = 'shop';
let dir: string;
let store: Store;
let nowMs: number;
let conversations: StoredConversations;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-orders-'));
  const identity = { socketHost: 'test', rootKey: '00' };
  store = await openStore({ dir, identity, durability: 'process', isOwner: true, clock: systemClock });
  nowMs = sentAt;
  conversations = new StoredConversations(store, { now: () => nowMs });
});
afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true, force: true });
});

type View = Partial<KeptMessage['view']>;

async function put(id: string, view: View = {}, key: Partial<KeptMessage['key']> = {}): Promise<void> {
  const fromMe = view.fromMe ?? true;
  const message = kept(id, sentAt, { instance, status: 'sent', ...view, fromMe });
  await store.commit([{ to: 'message', message: { ...message, key: { ...message.key, fromMe, ...key } } }]);
}

const asked = (operation: MessageOperation, id = 'A', chat: string | null = null) =>
  conversations.order(instance, id, chat, operation);
const refusal = async (operation: MessageOperation, id = 'A'): Promise<string> =>
  asked(operation, id).then(
    () => 'taken',
    (error: { code: string }) => error.code,
  );
const edit: MessageOperation = { kind: 'edit', text: 'new' };
const remove: MessageOperation = { kind: 'delete' };
const react: MessageOperation = { kind: 'react', emoji: '👍' };
const forward: MessageOperation = { kind: 'forward' };

it('takes an edit and a deletion for everyone as long as WhatsApp does', async () => {
  await put('A');
  for (const [operation, windowMs] of [
    [edit, editWindowMs],
    [remove, revokeWindowMs],
  ] as const) {
    nowMs = sentAt + windowMs;
    expect(await refusal(operation)).toBe('taken');
    nowMs += 1;
    expect(await refusal(operation)).toBe('conflict');
  }
  expect(await refusal(react)).toBe('taken');
  await expect(asked(edit)).rejects.toThrow(/3600 minutes old: WhatsApp takes edits for 15 minutes/);
});

it('knows whose message it is, and whether it went out', async () => {
  await put('A', { fromMe: false });
  expect([await refusal(edit), await refusal(remove), await refusal(react)]).toEqual([
    ...['conflict', 'conflict', 'taken'],
  ]);
  const gid = '120363041234567890@g.us';
  await put('G', { fromMe: false }, { remoteJid: gid, participant: '2@lid' });
  expect(await asked(remove, 'G')).toMatchObject({
    chat: gid,
    content: { type: 'delete', target: { id: 'G', fromMe: false, participant: '2@lid' } },
  });
  for (const status of ['queued', 'failed'] as const) {
    await put('Q', { status });
    expect([await refusal(edit, 'Q'), await refusal(react, 'Q')]).toEqual(['conflict', 'conflict']);
  }
});

it('forwards what cannot be changed, and changes no change', async () => {
  await put('N', { fromMe: false }, { remoteJid: '120363041234567890@newsletter' });
  expect([await refusal(react, 'N'), await refusal(forward, 'N')]).toEqual(['not_supported', 'taken']);
  await put('R', { type: 'reaction' });
  expect([await refusal(react, 'R'), await refusal(forward, 'R')]).toEqual(['conflict', 'conflict']);
  expect(await refusal(react, 'NONE')).toBe('not_found');
});

it('a message that was deleted is deleted already, and takes nothing else', async () => {
  await put('A');
  const by = { jid: '1@lid', pn: null, lid: '1@lid' };
  const mark = { kind: 'deleted', at: sentAt, by } as const;
  await store.commit([{ to: 'mark', instance, chatId: '91@lid', id: 'A', mark }]);
  expect(await asked(remove)).toBe(null);
  expect([await refusal(react), await refusal(forward)]).toEqual(['conflict', 'conflict']);
});

it('one of several messages with an id is named by its chat', async () => {
  const bob = { jid: '2@s.whatsapp.net', pn: '2@s.whatsapp.net', lid: null };
  await put('A');
  const theirs = { instance, status: 'sent', fromMe: false, chat: bob, from: bob } as const;
  const other = kept('A', sentAt, theirs, bob.jid);
  await store.commit([{ to: 'message', message: { ...other, key: { ...other.key, remoteJid: bob.jid } } }]);
  expect(await refusal(react)).toBe('ambiguous_message');
  expect(await asked(react, 'A', bob.jid)).toMatchObject({ chat: bob.jid });
  expect(await asked(react, 'A', '91@lid')).toMatchObject({ chat: '1@s.whatsapp.net' });
});
