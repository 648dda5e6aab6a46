/**
 * kill -9 of the whole process while messages flow both ways: what is kept of messages, chats and contacts agrees
 * with the event log after every kill, and in the end everything is there once. KILLS=n makes more rounds.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config.ts';
import type { EventRecord } from '../../src/protocol/events.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { ChatRecord, StoredMessage, StorePage } from '../../src/store/conversation-ports.ts';
import { partyId } from '../../src/store/conversation-ports.ts';
import { storeOptions } from '../../src/store/identity.ts';
import { openStore } from '../../src/store/lmdb/open.ts';
import type { Store } from '../../src/store/ports.ts';
import { Program } from './support/program.ts';

const rounds = Number(process.env['KILLS'] ?? 3);
const key = 'kept-crash-key';
const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
const contact = '5511987658011';

let dir: string;
let sandbox: Sandbox;
let running: Program | null = null;
let env: Record<string, string>;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-kept-'));
  sandbox = await startSandbox();
  env = {
    ...{ HOST: '127.0.0.1', PORT: '0', API_KEY: key, SHARDS: '1', LOG_LEVEL: 'error' },
    ...{ DATA_DIR: join(dir, 'data'), WA_SOCKET_URL: sandbox.url, WA_ROOT_KEY: sandbox.rootKey },
    ...{ RECONNECT_DELAY_MS_MIN: '50', RECONNECT_DELAY_MS_MAX: '200' },
  };
});
afterEach(async () => {
  running?.kill('SIGKILL');
  await running?.exited;
  await sandbox.stop();
  await rm(dir, { recursive: true, force: true });
});

async function started(): Promise<string> {
  running = new Program('src/main.ts', [], env);
  const [, url = ''] = await running.says(/REST API\s+(http:\S+)\/v1/);
  return url;
}

async function stopped(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  running?.kill(signal);
  await running?.exited;
}

async function until(isDone: () => Promise<boolean> | boolean, what: string): Promise<void> {
  await expect.poll(isDone, { timeout: 30_000, interval: 20, message: what }).toBe(true);
}

const stateOf = async (url: string): Promise<string> =>
  ((await (await fetch(`${url}/v1/instances/desk`, { headers })).json()) as { state: string }).state;

async function link(url: string): Promise<string> {
  await fetch(`${url}/v1/instances`, { method: 'POST', headers, body: '{"id":"desk"}' });
  const answer = await fetch(`${url}/v1/instances/desk/qr?wait=20`, { headers });
  const { phone } = await sandbox.scan(((await answer.json()) as { qr: string }).qr);
  await until(async () => (await stateOf(url)) === 'open', 'the instance is open');
  return phone;
}

async function all<T>(page: (cursor: string | null) => Promise<StorePage<T>> | StorePage<T>): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | null = null; ; ) {
    const { items: more, next } = await page(cursor);
    items.push(...more);
    if (next === null) return items;
    cursor = next;
  }
}

interface Kept {
  readonly events: readonly EventRecord[];
  readonly messages: readonly StoredMessage[];
  readonly chats: readonly ChatRecord[];
}

async function keptIn(store: Store): Promise<Kept> {
  const query = { before: null, after: null, type: null, order: 'newest', limit: 200 } as const;
  const { conversations, outbox } = store;
  const messages = (chatId: string | null) =>
    all((cursor) => conversations.messages('desk', { ...query, chatId, cursor }));
  const chats = await all((cursor) => conversations.chats('desk', cursor, 200));
  const byTime = await messages(null);
  const byChat = (await Promise.all(chats.map(({ id }) => messages(id)))).flat();
  const ids = (found: readonly StoredMessage[]): string[] => found.map(({ view }) => view.id).toSorted();
  expect(ids(byChat)).toEqual(ids(byTime));
  return { events: await outbox.events('desk', 0, 1_000_000), messages: byTime, chats };
}

const told = (events: readonly EventRecord[]): string[] =>
  events
    .filter(({ type }) => type === 'message.received' || type === 'message.sent')
    .map(({ body }) => JSON.parse(new TextDecoder().decode(body)).data.id);

/** No row without its event, no event without its row, nothing twice; a chat's count is that of its messages. */
async function expectAgreement(store: Store): Promise<void> {
  const { events, messages, chats } = await keptIn(store);
  const heard = messages.filter(({ key: at }) => !at.fromMe);
  expect(heard.map(({ view }) => view.id).toSorted()).toEqual(told(events).toSorted());
  expect(new Set(messages.map(({ view }) => view.id)).size).toBe(messages.length);
  expect(new Set(chats.map(({ id }) => id)).size).toBe(chats.length);
  for (const chat of chats) {
    const own = heard.filter(({ chatId }) => chatId === chat.id);
    expect(chat.unread).toBe(own.length);
    expect(messages.find(({ view }) => view.id === chat.lastMessageId)?.chatId).toBe(chat.id);
  }
  for (const { view } of heard)
    expect(await store.conversations.contact('desk', partyId(view.from))).toBeDefined();
}

const opened = () => openStore({ ...storeOptions(loadConfig(env)), isOwner: true, clock: systemClock });

it(`agrees with the events over ${rounds} kills`, { timeout: 60_000 + rounds * 15_000 }, async () => {
  let url = await started();
  const phone = await link(url);
  const over = new AbortController();
  const load = { to: [phone], perSecond: 60, durationMs: 300_000, contacts: 5, signal: over.signal };
  const writing = sandbox.writeAtRate(load);
  const acked = () => sandbox.ledger({ account: phone, kind: 'message', state: 'acked' }).length;
  for (let round = 0; round < rounds; round += 1) {
    const body = JSON.stringify({ to: contact, type: 'text', text: `out ${round}`, wait: 'queued' });
    for (let n = 0; n < 10; n += 1)
      await fetch(`${url}/v1/instances/desk/messages`, { method: 'POST', headers, body });
    const before = acked();
    await until(() => acked() > before + 40, 'messages flow');
    await stopped('SIGKILL');
    const store = await opened();
    await expectAgreement(store);
    await store.close();
    url = await started();
    await until(async () => (await stateOf(url)) === 'open', 'open again');
  }
  over.abort();
  const written = (await writing).ids[phone] ?? [];
  await until(
    () =>
      sandbox.ledger({ account: phone, direction: 'toAccount' }).every(({ settledAt }) => settledAt !== null),
    'everything was taken',
  );
  await stopped('SIGTERM');
  const store = await opened();
  await expectAgreement(store);
  const { messages } = await keptIn(store);
  const heard = messages.filter(({ key: at }) => !at.fromMe).map(({ view }) => view.id);
  expect(heard.filter((id) => written.includes(id)).toSorted()).toEqual(written.toSorted());
  await store.close();
});
