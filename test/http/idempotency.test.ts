/** Idempotency keys over real HTTP (DECISIONS 20): replay, join, mismatch, what is kept, what crashes leave. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { AppError } from '../../src/errors.ts';
import { fingerprintOf } from '../../src/http/idempotency.ts';
import { idempotencyTtlMs } from '../../src/limits.ts';
import { startTestFront, type TestFront } from './support/start.ts';
import { until } from './support/until.ts';

const text = { to: '5511988887777', type: 'text', text: 'hi' };
const path = '/v1/instances/a/messages';
const send = (t: TestFront, key: string, body: unknown = text, more: Record<string, unknown> = {}) =>
  t.ask('POST', path, { body, headers: { 'idempotency-key': key }, ...more });

async function start(more = {}): Promise<TestFront> {
  const t = await startTestFront({}, more);
  t.commands.seed('a');
  return t;
}

const idsSent = (t: TestFront) => t.commands.sent.map(({ input }) => input.messageId);

describe('idempotency', () => {
  it('gives the first answer again and sends once', async () => {
    await using t = await start();
    const first = await send(t, 'k1');
    const again = await send(t, 'k1');
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.text).toBe(first.text);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('content-type')).toContain('application/json');
    expect(idsSent(t)).toEqual([first.body.id]);
    expect(first.body.id).toMatch(/^3EB0[0-9A-F]{18}$/);
  });

  it('stores the message id before the message is sent', async () => {
    await using t = await start();
    t.commands.beforeSend = async (input) => {
      expect([...t.store.records.values()]).toMatchObject([{ messageId: input.messageId, answer: null }]);
    };
    expect((await send(t, 'k1')).status).toBe(201);
    expect(t.store.commits.map(({ answer }) => answer?.status)).toEqual([undefined, 201]);
  });

  it('sends nothing when the record cannot be stored', async () => {
    await using t = await start();
    t.store.beforeCommit = async () => {
      throw new AppError('store_failed', 'no space left');
    };
    expect((await send(t, 'k1')).body.code).toBe('store_failed');
    expect(t.commands.sent).toEqual([]);
  });

  it('still answers 201 when only the answer cannot be stored; a repeat goes out under the same id', async () => {
    await using t = await start();
    t.store.beforeCommit = async (record) => {
      if (record.answer) throw new AppError('store_failed', 'no space left');
    };
    expect((await send(t, 'k1')).status).toBe(201);
    expect((await send(t, 'k1')).status).toBe(201);
    expect(new Set(idsSent(t)).size).toBe(1);
  });

  it('joins a request in progress', async () => {
    await using t = await start();
    const gate = Promise.withResolvers<void>();
    t.commands.beforeSend = () => gate.promise;
    const both = [send(t, 'k1'), send(t, 'k1')];
    await until(() => t.commands.sent.length === 1, 'the first is being sent');
    gate.resolve();
    const [one, two] = await Promise.all(both);
    expect(one?.text).toBe(two?.text);
    expect([one, two].filter((reply) => reply?.headers.get('idempotency-replayed') === 'true')).toHaveLength(
      1,
    );
    expect(t.commands.sent).toHaveLength(1);
  });

  it('refuses another body under the key, also while the first is in progress', async () => {
    await using t = await start();
    const gate = Promise.withResolvers<void>();
    t.commands.beforeSend = () => gate.promise;
    const first = send(t, 'k1');
    await until(() => t.commands.sent.length === 1, 'the first is being sent');
    const other = { ...text, text: 'another' };
    expect((await send(t, 'k1', other)).body.code).toBe('idempotency_mismatch');
    gate.resolve();
    await first;
    const later = await send(t, 'k1', other);
    expect([later.status, later.body.code]).toEqual([422, 'idempotency_mismatch']);
  });

  it('wait, timeoutMs and the order of members make no other body', async () => {
    await using t = await start();
    await send(t, 'k1', { ...text, wait: 'queued' });
    const again = await send(t, 'k1', {
      text: 'hi',
      timeoutMs: 5_000,
      type: 'text',
      to: text.to,
      wait: 'server',
    });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  it.each(['mailbox_full', 'timeout', 'actor_restarted', 'instance_not_open', 'whatsapp_rejected'] as const)(
    'does not keep %s: a repeat runs again under the same message id',
    async (code) => {
      await using t = await start();
      t.commands.beforeSend = async () => {
        throw new AppError(code, 'not now');
      };
      expect((await send(t, 'k1')).body.code).toBe(code);
      t.commands.beforeSend = async () => {};
      expect((await send(t, 'k1')).status).toBe(201);
      expect(idsSent(t)).toHaveLength(2);
      expect(new Set(idsSent(t)).size).toBe(1);
    },
  );

  it('keeps a final refusal', async () => {
    await using t = await start();
    t.commands.beforeSend = async () => {
      throw new AppError('not_on_whatsapp', 'nobody there');
    };
    const first = await send(t, 'k1');
    const again = await send(t, 'k1');
    expect([again.status, again.text]).toEqual([404, first.text]);
    expect(again.headers.get('content-type')).toContain('application/problem+json');
    expect(t.commands.sent).toHaveLength(1);
  });

  it('a record that a crash left without an answer runs again under its message id', async () => {
    await using t = await start();
    const messageId = '3EB0AAAAAAAAAAAAAAAAAA';
    const scope = `admin POST ${path}`;
    const fingerprint = fingerprintOf({}, text);
    await t.store.commit([
      {
        to: 'idempotency',
        record: { scope, key: 'k1', fingerprint, messageId, answer: null, at: systemClock.now() },
      },
    ]);
    expect((await send(t, 'k1')).body.id).toBe(messageId);
    expect(idsSent(t)).toEqual([messageId]);
  });

  it('forgets after 24 h', async () => {
    let nowMs = systemClock.now();
    await using t = await start({ clock: { ...systemClock, now: () => nowMs } });
    await send(t, 'k1');
    nowMs += idempotencyTtlMs + 1;
    await send(t, 'k1', { ...text, text: 'another' });
    expect(new Set(idsSent(t)).size).toBe(2);
  });

  it('is apart for another key, path, method or caller', async () => {
    await using t = await start();
    t.commands.seed('b');
    await send(t, 'k1');
    await send(t, 'k2');
    await send(t, 'k1', text, { key: 'token-of-a' });
    await t.ask('POST', '/v1/instances/b/messages', { body: text, headers: { 'idempotency-key': 'k1' } });
    expect(new Set(idsSent(t)).size).toBe(4);
  });

  it('shows and stores no token or secret again', async () => {
    await using t = await start();
    const body = { id: 'new', webhook: { url: 'https://example.com/hook' } };
    const options = { body, headers: { 'idempotency-key': 'k1' } };
    const first = await t.ask('POST', '/v1/instances', options);
    const again = await t.ask('POST', '/v1/instances', options);
    expect(first.body).toMatchObject({
      token: 'token-of-new',
      webhookSecret: expect.stringContaining('whsec_'),
    });
    expect(again.body).toEqual({ ...first.body, token: null, webhookSecret: null });
    expect(JSON.stringify(t.store.commits)).not.toMatch(/token-of-new|whsec_/);
  });

  it('replays a deletion although the instance is gone', async () => {
    await using t = await start();
    const options = { headers: { 'idempotency-key': 'k1' } };
    expect((await t.ask('DELETE', '/v1/instances/a', options)).status).toBe(204);
    const again = await t.ask('DELETE', '/v1/instances/a', options);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([204, 'true']);
    expect((await t.ask('DELETE', '/v1/instances/a')).status).toBe(404);
  });

  it('refuses a key that is empty, too long or not ASCII', async () => {
    await using t = await start();
    expect((await send(t, 'x'.repeat(256))).body).toMatchObject({ errors: [{ path: 'Idempotency-Key' }] });
    expect((await send(t, 'x'.repeat(255))).status).toBe(201);
    expect((await send(t, '')).body.code).toBe('validation_failed');
    expect((await send(t, '\u00e9')).body.code).toBe('validation_failed');
  });

  it('without a key every request has a message id of its own and leaves no record', async () => {
    await using t = await start();
    await t.ask('POST', path, { body: text });
    await t.ask('POST', path, { body: text });
    expect(new Set(idsSent(t)).size).toBe(2);
    expect(t.store.commits).toEqual([]);
  });
});
