/** Sending: acknowledgements, refusals, the window, quotes, and the end of the socket. */
import { EventEmitter } from 'node:events';
import { proto } from '@whiskeysockets/baileys';
import { beforeEach, expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { unacknowledgedSendsMax } from '../../src/limits.ts';
import type { MessageContent } from '../../src/protocol/message.ts';
import type { StoredMessage } from '../../src/store/conversation-ports.ts';
import type { LidMapping } from '../../src/whatsapp/lid-mapping.ts';
import { acknowledgementTimeoutMs } from '../../src/whatsapp/limits.ts';
import { Sender, type SenderParts, sentMessage } from '../../src/whatsapp/send.ts';
import { kept } from '../store/conversations-contract.ts';
import { someSent } from '../store/records.ts';
import { createHandClock, type HandClock } from './support/hand-clock.ts';

const to = '123@lid';
const content = (text: string): MessageContent => ({ type: 'text', text, mentions: [] });
const outgoing = (messageId: string) => ({ messageId, to, content: content('x'), quote: null });

let clock: HandClock;
let ws: EventEmitter;
let relayed: string[];
let relay: (id: string) => Promise<string>;
let sender: Sender;
let held: Promise<void>[];
let hasEnded: boolean;

beforeEach(() => {
  clock = createHandClock();
  ws = new EventEmitter();
  relayed = [];
  held = [];
  hasEnded = false;
  relay = async (id) => id;
  const sock = {
    ws,
    relayMessage: (_to: string, _message: unknown, { messageId }: { messageId: string }) => {
      relayed.push(messageId);
      return relay(messageId);
    },
    signalRepository: { validateSession: async () => ({ exists: false }) },
  } as unknown as SenderParts['sock'];
  const lids = {
    getLIDForPN: async (pn: string) => (pn.startsWith('1') ? '1@lid' : null),
    getPNForLID: async () => null,
  } as unknown as LidMapping;
  const groups = { get: async () => undefined };
  sender = new Sender({
    sock,
    groups,
    lids,
    clock,
    dataDir: '',
    holdFrames: (stored) => void held.push(stored),
    hasEnded: () => hasEnded,
    me: () => ({ jid: 'me@s.whatsapp.net', pn: 'me@s.whatsapp.net', lid: 'me@lid', name: null }),
    messagesOf: () => [],
  });
});

const acknowledge = (id: string, error?: string): boolean =>
  ws.emit('CB:ack,class:message', { attrs: error ? { id, error } : { id } });
/** Lets promises that are due run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a send is over when the server acknowledged it, not when the frame was written', async () => {
  let isOver = false;
  const sending = sender.send(outgoing('A'), new Uint8Array()).then((outcome) => {
    isOver = true;
    return outcome;
  });
  await turn();
  expect([relayed, isOver]).toEqual([['A'], false]);
  clock.advance(70);
  acknowledge('other');
  acknowledge('A');
  expect(await sending).toEqual({ at: clock.now() });
  expect(clock.timers).toBe(0);
});

test.each([
  ['463', 463, /never wrote to it/],
  ['479', 479, /malformed/],
  ['999', 999, /not known here/],
])('a refusal %s is whatsapp_rejected with its code', async (error, whatsappCode, text) => {
  const sending = sender.send(outgoing('A'), new Uint8Array());
  await turn();
  expect(sender.answers('A')).toBe(true);
  acknowledge('A', error);
  await expect(sending).rejects.toMatchObject({
    code: 'whatsapp_rejected',
    message: expect.stringMatching(text),
    failure: { extra: { whatsappCode } },
  });
  // Baileys tells the same refusal as an event, perhaps later: it is no further fact.
  expect(sender.answers('A')).toBe(true);
});

test('the same id again while it waits is one message on the wire', async () => {
  const sends = [sender.send(outgoing('A'), new Uint8Array()), sender.send(outgoing('A'), new Uint8Array())];
  await turn();
  acknowledge('A');
  expect((await Promise.all(sends)).length).toBe(2);
  expect(relayed).toEqual(['A']);
});

test('at most the window is un-acknowledged, the rest waits in order', async () => {
  const ids = Array.from({ length: unacknowledgedSendsMax + 4 }, (_, index) => `M${index}`);
  const sends = ids.map((id) => sender.send(outgoing(id), new Uint8Array()));
  await turn();
  expect(relayed).toEqual(ids.slice(0, unacknowledgedSendsMax));
  acknowledge('M3');
  await turn();
  expect(relayed.at(-1)).toBe(`M${unacknowledgedSendsMax}`);
  for (const id of ids) {
    acknowledge(id);
    await turn();
  }
  expect((await Promise.all(sends)).length).toBe(ids.length);
  expect(relayed).toEqual(ids);
});

test('the end of the socket answers everything that waits', async () => {
  const ids = Array.from({ length: unacknowledgedSendsMax + 2 }, (_, index) => `M${index}`);
  const sends = Promise.allSettled(ids.map((id) => sender.send(outgoing(id), new Uint8Array())));
  await turn();
  sender.end();
  for (const result of await sends) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'actor_restarted' } });
  }
  await expect(sender.send(outgoing('late'), new Uint8Array())).rejects.toMatchObject({
    code: 'actor_restarted',
  });
  expect([clock.timers, ws.listenerCount('CB:ack,class:message')]).toEqual([0, 0]);
});

test('a message on its way into the store is encrypted meanwhile, and holds its frames', async () => {
  const stored = Promise.withResolvers<void>();
  const sending = sender.send(outgoing('A'), new Uint8Array(), () => undefined, stored.promise);
  await turn();
  expect([relayed, held]).toEqual([['A'], [stored.promise]]);
  stored.resolve();
  acknowledge('A');
  await sending;
});

test('a message that the store refused at once takes no step of the ratchet', async () => {
  const stored = Promise.reject(new AppError('store_failed', 'no room'));
  const sending = sender.send(outgoing('A'), new Uint8Array(), () => undefined, stored);
  await expect(sending).rejects.toMatchObject({ code: 'store_failed' });
  expect([relayed, held, clock.timers]).toEqual([[], [], 0]);
});

test('an acknowledgement that never comes gives its place away', async () => {
  const sending = expect(sender.send(outgoing('A'), new Uint8Array())).rejects.toMatchObject({
    code: 'timeout',
  });
  await turn();
  clock.advance(acknowledgementTimeoutMs);
  await sending;
});

test('a number without LID and session is not written to nobody', async () => {
  const message = { ...outgoing('A'), to: '999@s.whatsapp.net' };
  await expect(sender.send(message, new Uint8Array())).rejects.toMatchObject({ code: 'not_on_whatsapp' });
  expect(relayed).toEqual([]);
});

// How it went wrong: an ending socket refuses every encryption, Baileys calls that "All encryptions failed",
// and the message was marked as refused for good instead of going out again.
test('a failure while the socket ends leaves the outcome open', async () => {
  relay = () => {
    hasEnded = true;
    return Promise.reject(new Error('All encryptions failed'));
  };
  await expect(sender.send(outgoing('A'), new Uint8Array())).rejects.toMatchObject({
    code: 'actor_restarted',
  });
});

test('what Baileys throws is an error of the API', async () => {
  relay = () => Promise.reject(new Error('All encryptions failed'));
  await expect(sender.send(outgoing('A'), new Uint8Array())).rejects.toMatchObject({
    code: 'whatsapp_rejected',
  });
  relay = () =>
    Promise.reject(Object.assign(new Error('Connection Closed'), { output: { statusCode: 428 } }));
  await expect(sender.send(outgoing('B'), new Uint8Array())).rejects.toMatchObject({
    code: 'actor_restarted',
  });
  relay = () => Promise.reject(new Error('surprise'));
  await expect(sender.send(outgoing('C'), new Uint8Array())).rejects.toMatchObject({ code: 'internal' });
});

test('encodes text, mentions and a quote', async () => {
  const bytes = await sender.encode({
    ...outgoing('A'),
    content: { type: 'text', text: 'hi @5511900000001', mentions: ['+55 11 90000-0001'] },
    quote: 'Q1',
  });
  const message = proto.Message.decode(bytes);
  expect(message.extendedTextMessage?.text).toBe('hi @5511900000001');
  expect(message.extendedTextMessage?.contextInfo).toMatchObject({
    stanzaId: 'Q1',
    mentionedJid: ['5511900000001@s.whatsapp.net'],
  });
});

test('a retry receipt gets the message as it was sent, and nothing once it was deleted for everyone', async () => {
  const bytes = proto.Message.encode({ conversation: 'hi' }).finish();
  const record = { ...someSent('A', 0), proto: bytes };
  const message = kept('A', 0, { fromMe: true });
  const answer = (marks: StoredMessage['marks']) =>
    sentMessage(
      {
        sent: (id) => (id === 'A' ? record : undefined),
        messagesOf: () => [{ ...message, key: { ...message.key, fromMe: true }, marks }],
      },
      { id: 'A' },
    );
  expect((await answer([]))?.conversation).toBe('hi');
  const by = { jid: '1@lid', pn: null, lid: '1@lid' };
  expect(await answer([{ kind: 'deleted', at: 1, by }])).toBe(undefined);
});
