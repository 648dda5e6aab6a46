/** Live events over real sockets: filters, resuming without gap or repeat, slow clients, ends. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { openFeed } from '../../src/http/event-feed.ts';
import {
  eventResumeOverlapMs,
  eventStreamBufferMaxBytes,
  eventStreamKeepAliveMs,
  eventStreamsMax,
} from '../../src/http/limits.ts';
import { makeSeq } from '../../src/store/sequence.ts';
import { adminKey, fixedNow } from './support/fake-commands.ts';
import { FakeEvents } from './support/fake-events.ts';
import { startTestFront } from './support/start.ts';
import { openSse } from './support/stream.ts';
import { until } from './support/until.ts';

describe('live events', () => {
  it('follow as they happen, with their sequence as id', async () => {
    await using t = await startTestFront();
    const client = await openSse(`${t.front.url}/v1/events`);
    expect(client.response.headers.get('content-type')).toBe('text/event-stream');
    t.events.emit(7, 'a', 'message.received', { text: 'olá\nmundo' });
    const event = await client.next();
    expect(event).toMatchObject({ id: '7', event: 'message.received' });
    expect(JSON.parse(event?.data ?? '')).toMatchObject({
      id: 'event-7',
      instance: 'a',
      data: { text: 'olá\nmundo' },
    });
    client.close();
    await until(() => t.events.listeners === 0, 'the subscription of a client that went away has ended');
  });

  it('an instance token sees its own only', async () => {
    await using t = await startTestFront();
    const key = t.commands.seed('a');
    t.commands.seed('b');
    const client = await openSse(`${t.front.url}/v1/events`, { key });
    t.events.emit(1, 'b', 'message.received');
    t.events.emit(2, 'a', 'message.received');
    expect((await client.next())?.id).toBe('2');
    client.close();
    expect((await t.ask('GET', '/v1/events?instance=b', { key })).status).toBe(403);
    expect((await t.ask('GET', '/v1/events?instance=unknown')).body.code).toBe('instance_not_found');
  });

  it('are filtered by instance and type', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const query = 'instance=a&types=message.received,message.status';
    const client = await openSse(`${t.front.url}/v1/events?${query}`);
    t.events.emit(1, 'b', 'message.received');
    t.events.emit(2, 'a', 'instance.state');
    t.events.emit(3, 'a', 'message.status');
    expect((await client.next())?.id).toBe('3');
    client.close();
  });

  it('resume after Last-Event-ID or ?after= without gap or repeat while more arrive', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    for (let seq = 1; seq <= 450; seq += 1) t.events.emit(seq, 'a', 'message.received');
    const gate = Promise.withResolvers<void>();
    t.events.beforePage = () => gate.promise;
    const client = await openSse(`${t.front.url}/v1/events?instance=a&after=1`, {
      headers: { 'last-event-id': '100' },
    });
    for (let seq = 451; seq <= 460; seq += 1) t.events.emit(seq, 'a', 'message.received');
    gate.resolve();
    for (let seq = 101; seq <= 460; seq += 1) expect((await client.next())?.id).toBe(String(seq));
    t.events.emit(461, 'a', 'message.received');
    expect((await client.next())?.id).toBe('461');
    client.close();
  });

  it('waits, when it resumes, until every source tells its events', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const gate = Promise.withResolvers<void>();
    t.events.settled = () => gate.promise;
    const client = await openSse(`${t.front.url}/v1/events?instance=a&after=1`);
    t.events.emitUntold(2, 'a', 'message.received');
    t.events.emit(3, 'a', 'message.received');
    gate.resolve();
    expect([(await client.next())?.id, (await client.next())?.id]).toEqual(['2', '3']);
    client.close();
  });

  it('an event that the log gave is not repeated when it is told afterwards', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const logged = t.events.emitUntold(2, 'a', 'message.received');
    const client = await openSse(`${t.front.url}/v1/events?instance=a&after=1`);
    expect((await client.next())?.id).toBe('2');
    t.events.tell(logged);
    t.events.emit(3, 'a', 'message.received');
    expect((await client.next())?.id).toBe('3');
    client.close();
  });

  it('a stream of all instances goes back a little, because shards are not in lockstep', async () => {
    await using t = await startTestFront();
    const at = (ms: number, shard: number) => makeSeq(fixedNow + ms, 0, shard);
    const [old, late, seen] = [at(-eventResumeOverlapMs - 1, 0), at(-1, 0), at(0, 1)];
    for (const seq of [old, late, seen]) t.events.emit(seq, 'a', 'message.received');
    const client = await openSse(`${t.front.url}/v1/events?after=${seen}`);
    expect([(await client.next())?.id, (await client.next())?.id]).toEqual([`${late}`, `${seen}`]);
    client.close();
  });

  it('are bounded in number', async () => {
    await using t = await startTestFront();
    const open = Array.from({ length: eventStreamsMax }, () => openSse(`${t.front.url}/v1/events`));
    const clients = await Promise.all(open);
    const refused = await t.ask('GET', '/v1/events');
    expect([refused.status, refused.body.code]).toEqual([503, 'mailbox_full']);
    for (const client of clients) client.close();
    await until(() => t.events.listeners === 0, 'all have ended');
  });

  it('a client that reads too slowly is closed, and costs a bounded buffer', async () => {
    await using t = await startTestFront();
    const socket = connect(t.front.port, '127.0.0.1');
    socket.pause();
    socket.write(`GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminKey}\r\n\r\n`);
    await until(() => t.events.listeners === 1, 'the stream is open');
    const text = 'x'.repeat(100_000);
    let seq = 1;
    await until(() => {
      for (let count = 0; count < 10; count += 1)
        t.events.emit(seq + count, 'a', 'message.received', { text });
      seq += 10;
      return t.events.listeners === 0;
    }, 'the stream is closed');
    socket.destroy();
  });

  it('end when the front stops, so that the stop does not wait for them', async () => {
    const t = await startTestFront();
    const client = await openSse(`${t.front.url}/v1/events`);
    await t.front.stop();
    expect(await client.next()).toBeUndefined();
    expect(t.events.listeners).toBe(0);
  });

  it('HEAD opens no stream', async () => {
    await using t = await startTestFront();
    const reply = await t.ask('HEAD', '/v1/events');
    expect([reply.status, reply.text]).toEqual([200, '']);
    expect(t.events.listeners).toBe(0);
  });
});

describe('a feed', () => {
  const query = { instance: null, types: null, after: null };

  it('sends a comment now and then', async () => {
    const periods: number[] = [];
    let tick = () => {};
    const clock = {
      ...systemClock,
      every: (periodMs: number, work: () => void) => {
        periods.push(periodMs);
        tick = work;
        return { cancel: () => {} };
      },
    };
    const events = new FakeEvents();
    const feed = openFeed(query, { events, clock, onEnd: () => {}, onError: () => {} });
    const reader = feed.stream.getReader();
    const read = async () => new TextDecoder().decode((await reader.read()).value);
    expect(await read()).toBe(': keep-alive\n\n');
    tick();
    expect(await read()).toBe(': keep-alive\n\n');
    expect(periods).toEqual([eventStreamKeepAliveMs]);
  });

  it('ends once, keeps what fits its buffer, and reports a log that cannot be read', async () => {
    const events = new FakeEvents();
    let ends = 0;
    const errors: unknown[] = [];
    const options = {
      events,
      clock: systemClock,
      onEnd: () => {
        ends += 1;
      },
      onError: (e: unknown) => void errors.push(e),
    };
    const slow = openFeed(query, options);
    const text = 'x'.repeat(eventStreamBufferMaxBytes / 4);
    for (let seq = 1; seq <= 8; seq += 1) events.emit(seq, 'a', 'message.received', { text });
    slow.end();
    expect([ends, events.listeners]).toEqual([1, 0]);
    events.beforePage = async () => {
      throw new Error('unreadable');
    };
    openFeed({ ...query, after: 0 }, options);
    await until(() => ends === 2, 'the second feed has ended');
    expect(errors).toEqual([new Error('unreadable')]);
  });
});
