/** The outgoing queue over a real store: durable before it leaves, ordered in a chat, once under its id. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { detach } from '../../src/detach.ts';
import { AppError } from '../../src/errors.ts';
import { defaultInstanceSettings } from '../../src/protocol/instance.ts';
import type { WaitMode } from '../../src/protocol/message.ts';
import { MessageStatuses } from '../../src/shard/message-statuses.ts';
import { Outgoing } from '../../src/shard/outgoing.ts';
import { openStore } from '../../src/store/lmdb/open.ts';
import type { Store, StoreWrite } from '../../src/store/ports.ts';
import { ScriptedSocket } from './support/scripted-socket.ts';

let dir: string;
let store: Store;
let events: { status: string; id: string }[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-outgoing-'));
  const identity = { socketHost: 'test', rootKey: '00' };
  store = await openStore({ dir, identity, durability: 'process', isOwner: true, clock: systemClock });
  events = [];
});
afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true, force: true });
});

function queue(): Outgoing {
  const failures = (error: unknown): void => {
    throw error;
  };
  const statuses: MessageStatuses = new MessageStatuses({
    instance: 'a',
    store,
    writeEvent: ({ data }) => {
      events.push({ status: data.status, id: data.id });
      return { to: 'setting', key: `event ${events.length}`, value: data.status } satisfies StoreWrite;
    },
    queued: (id) => outgoing.queued(id),
    effects: async () => [],
    committed: () => undefined,
    onRaised: (view) => outgoing.reached(view),
  });
  const outgoing: Outgoing = new Outgoing({
    instance: 'a',
    store,
    clock: systemClock,
    settings: () => defaultInstanceSettings,
    me: () => ({ jid: 'me@s.whatsapp.net', pn: null, lid: null }),
    resolveAll: async (addresses) => addresses.map((address) => `${address}@s.whatsapp.net`),
    party: async (jid) => ({ jid, pn: jid, lid: null }),
    quoted: async () => null,
    listed: async () => [],
    raise: (change) => detach(statuses.raise([change]), failures),
    release: () => undefined,
    onFailure: failures,
  });
  return outgoing;
}

const request = (messageId: string, to = '5511', wait: WaitMode = 'server', timeoutMs = 20_000) => ({
  messageId,
  to,
  content: { type: 'text' as const, text: `text ${messageId}`, mentions: [] },
  quote: null,
  wait,
  timeoutMs,
});

describe('a send', () => {
  it('is durable before its first frame leaves, and answered once acknowledged', async () => {
    const outgoing = queue();
    const socket = new ScriptedSocket();
    outgoing.setSocket(socket);
    const answer = outgoing.send(request('A1'));
    await socket.left(1);
    expect((await store.messages.queued('a', 10)).map(({ id }) => id)).toEqual(['A1']);
    expect((await store.messages.sent('a', 'A1'))?.proto).toEqual(new TextEncoder().encode('text A1'));
    socket.acknowledge(77);
    expect(await answer).toMatchObject({ id: 'A1', status: 'sent', statusAt: 77 });
    expect(await store.messages.queued('a', 10)).toEqual([]);
    expect(events).toEqual([{ status: 'sent', id: 'A1' }]);
  });

  it('keeps the order within a chat, and lets other chats pass', async () => {
    const outgoing = queue();
    const socket = new ScriptedSocket();
    outgoing.setSocket(socket);
    const answers = [request('A1', '1'), request('A2', '1'), request('B1', '2')].map((one) =>
      outgoing.send(one),
    );
    await socket.left(2);
    expect(socket.sentIds.toSorted()).toEqual(['A1', 'B1']);
    socket.written[socket.sentIds.indexOf('A1')]?.();
    await socket.left(3);
    expect(socket.sentIds[2]).toBe('A2');
    for (const _ of answers) socket.acknowledge();
    await Promise.all(answers);
  });

  it('waits behind a message whose frame is not written, until that one is refused', async () => {
    const outgoing = queue();
    const socket = new ScriptedSocket();
    outgoing.setSocket(socket);
    const first = outgoing.send(request('A1', '1'));
    const second = outgoing.send(request('A2', '1'));
    await socket.left(1);
    socket.refuse(475);
    await expect(first).rejects.toMatchObject({ code: 'whatsapp_rejected' });
    await socket.left(2);
    expect(socket.sentIds).toEqual(['A1', 'A2']);
    socket.acknowledge();
    expect(await second).toMatchObject({ id: 'A2', status: 'sent' });
  });

  it('a thread that lets go takes nothing more, and the next owner sends what was left under its id', async () => {
    const before = queue();
    expect(await before.send(request('A1', '5511', 'queued'))).toMatchObject({ status: 'queued' });
    const after = queue();
    await after.load();
    expect(await before.send(request('A2', '5511', 'queued'))).toMatchObject({ status: 'queued' });
    before.end(new AppError('draining', 'leaving'));
    await before.idle();
    await expect(before.send(request('A3'))).rejects.toMatchObject({ code: 'draining' });
    const socket = new ScriptedSocket();
    after.setSocket(socket);
    await socket.left(1);
    socket.acknowledge();
    // A2 was stored after `after` had loaded: the client's retry brings it in.
    const retried = after.send(request('A2'));
    await socket.left(2);
    socket.acknowledge();
    expect(await retried).toMatchObject({ id: 'A2', status: 'sent' });
  });

  it('goes out again under the same id when its socket ended before the answer', async () => {
    const outgoing = queue();
    const first = new ScriptedSocket();
    outgoing.setSocket(first);
    const answer = outgoing.send(request('A1'));
    await first.left(1);
    outgoing.setSocket(null);
    await first.end();
    const second = new ScriptedSocket();
    outgoing.setSocket(second);
    await second.left(1);
    second.acknowledge();
    expect(await answer).toMatchObject({ id: 'A1', status: 'sent' });
  });

  it('a refusal is final, typed and an event', async () => {
    const outgoing = queue();
    const socket = new ScriptedSocket();
    outgoing.setSocket(socket);
    const answer = outgoing.send(request('A1'));
    await socket.left(1);
    socket.refuse(463);
    await expect(answer).rejects.toMatchObject({
      code: 'whatsapp_rejected',
      failure: { extra: { whatsappCode: 463 } },
    });
    expect(events).toEqual([{ status: 'failed', id: 'A1' }]);
    await expect(outgoing.send(request('A1'))).rejects.toMatchObject({ code: 'whatsapp_rejected' });
    expect(socket.sentIds).toEqual(['A1']);
  });

  it('queued answers at once without a socket, and leaves when there is one', async () => {
    const outgoing = queue();
    expect(await outgoing.send(request('A1', '5511', 'queued'))).toMatchObject({ status: 'queued' });
    const socket = new ScriptedSocket();
    outgoing.setSocket(socket);
    await socket.left(1);
    socket.acknowledge();
    const again = await outgoing.send(request('A1'));
    expect(again).toMatchObject({ id: 'A1', status: 'sent', chat: { jid: '5511@s.whatsapp.net' } });
  });

  it('is refused and forgotten where the store cannot take it, and the next one is sent', async () => {
    const outgoing = queue();
    const socket = new ScriptedSocket();
    outgoing.setSocket(socket);
    const commit = store.commit.bind(store);
    store.commit = async () => {
      throw new AppError('store_failed', 'no room');
    };
    await expect(outgoing.send(request('A1'))).rejects.toMatchObject({ code: 'store_failed' });
    store.commit = commit;
    expect([outgoing.depth, socket.sentIds, events]).toEqual([0, [], []]);
    const answer = outgoing.send(request('A1'));
    await socket.left(1);
    socket.acknowledge();
    expect(await answer).toMatchObject({ id: 'A1', status: 'sent' });
  });

  it('that is refused before it was stored becomes failed once it is', async () => {
    const outgoing = queue();
    const socket = new ScriptedSocket();
    socket.send = async () => {
      throw new AppError('not_on_whatsapp', 'nobody');
    };
    outgoing.setSocket(socket);
    await expect(outgoing.send(request('A1'))).rejects.toMatchObject({ code: 'not_on_whatsapp' });
    expect(events).toEqual([{ status: 'failed', id: 'A1' }]);
    expect((await store.messages.sent('a', 'A1'))?.view.status).toBe('failed');
    expect([outgoing.depth, await store.messages.queued('a', 10)]).toEqual([0, []]);
  });

  it('too late says so with the id, and stays queued', async () => {
    const outgoing = queue();
    const answer = outgoing.send(request('A1', '5511', 'server', 20));
    await expect(answer).rejects.toMatchObject({ code: 'timeout', failure: { extra: { messageId: 'A1' } } });
    expect((await store.messages.queued('a', 10)).map(({ id }) => id)).toEqual(['A1']);
  });

  it('what another process left queued is sent by the next one, in order', async () => {
    const before = queue();
    for (const id of ['A1', 'A2', 'A3']) await before.send(request(id, '5511', 'queued'));
    const outgoing = queue();
    await outgoing.load();
    expect(outgoing.depth).toBe(3);
    const socket = new ScriptedSocket();
    outgoing.setSocket(socket);
    for (const count of [1, 2, 3]) {
      await socket.left(count);
      socket.acknowledge();
    }
    expect(socket.sentIds).toEqual(['A1', 'A2', 'A3']);
  });
});
