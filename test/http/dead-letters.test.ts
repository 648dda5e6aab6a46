/** Dead letters and replays through the front: shapes, and that a token stays with its own webhook. */
import { describe, expect, it } from 'vitest';
import { startTestFront } from './support/start.ts';

const eventId = '0193c0de-0000-7000-8000-000000000000';

describe('dead letters', () => {
  it('are listed with the last answer, without the sequence of the store', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const { body } = await t.ask('GET', '/v1/dead-letters?instance=a&limit=10');
    expect(body).toEqual({
      items: [
        {
          ...{ webhook: '*', instance: 'a', eventId: 'e1', type: 'message.received', attempts: 12 },
          ...{ httpStatus: 410, error: 'HTTP 410: gone' },
          ...{ at: '2026-01-02T03:04:05.678Z', deadAt: '2026-01-02T03:04:05.678Z' },
        },
      ],
      next: '*:7',
    });
    expect(t.commands.replays).toEqual([{ instance: 'a', own: false, limit: 10, cursor: null }]);
  });

  it('are replayed and purged, one or many', async () => {
    await using t = await startTestFront();
    const path = '/v1/dead-letters';
    expect((await t.ask('POST', `${path}/${eventId}/replay`)).body).toEqual({ replayed: 2 });
    expect((await t.ask('POST', `${path}/replay`)).body).toEqual({ replayed: 10, hasMore: true });
    expect((await t.ask('DELETE', `${path}/${eventId}`)).status).toBe(204);
    expect((await t.ask('DELETE', path)).body).toEqual({ removed: 3, hasMore: false });
    const everybody = { instance: null, own: false };
    const one = { eventId, ...everybody };
    expect(t.commands.replays).toEqual([one, everybody, one, everybody]);
    const reply = await t.ask('POST', `${path}/not-an-id/replay`);
    expect([reply.status, reply.body.errors]).toMatchObject([400, [{ path: 'eventId' }]]);
  });

  it('of a token are those of its own webhook', async () => {
    await using t = await startTestFront();
    const key = t.commands.seed('a');
    t.commands.seed('b');
    await t.ask('POST', '/v1/dead-letters/replay', { key });
    await t.ask('DELETE', `/v1/dead-letters/${eventId}`, { key });
    const own = { instance: 'a', own: true };
    expect(t.commands.replays).toEqual([own, { eventId, ...own }]);
    expect((await t.ask('GET', '/v1/dead-letters?instance=b', { key })).status).toBe(403);
    expect((await t.ask('GET', '/v1/dead-letters?instance=unknown')).body.code).toBe('instance_not_found');
  });
});

describe('a replay of the log', () => {
  it.each([
    ['/v1/instances/a/webhook/replay', 'a'],
    ['/v1/webhook/replay', '*'],
  ])('%s takes a range, types and a cursor', async (path, id) => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const range = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T01:00:00Z' };
    const body = { ...range, types: ['message.received'], cursor: '42' };
    expect((await t.ask('POST', path, { body })).body).toEqual({ replayed: 4, next: '99' });
    const [from, to] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1, 1)];
    expect(t.commands.replays).toEqual([{ id, from, to, types: ['message.received'], cursor: 42 }]);
    const backwards = await t.ask('POST', path, { body: { from: range.to, to: range.from } });
    expect(backwards.body).toMatchObject({ code: 'validation_failed', errors: [{ path: 'to' }] });
  });
});
