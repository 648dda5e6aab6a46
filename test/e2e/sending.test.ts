/** Sending, to the end: typed refusals, states up to played, order, pacing, and what a closed line does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
let phone: string;
beforeAll(async () => {
  stage = await startStage({ RATE_LIMIT_MESSAGES: 'off' });
  phone = (await stage.openInstance('desk')).phone;
});
afterAll(() => stage.stop());

const reader = '5511955557001';
const silent = '5511955558001';
const echo = '5511955550001';
const post = (body: object, headers = {}) =>
  stage.call('POST', '/v1/instances/desk/messages', { type: 'text', ...body }, headers);
const statusesOf = (id: string) =>
  stage.hook
    .of('message.status')
    .filter(({ data }) => data.id === id)
    .map(({ data }) => data.status as string);
const told = (id: string, status: string) =>
  stage.hook.next(
    ({ event }) => event.type === 'message.status' && event.data.id === id && event.data.status === status,
    status,
  );

describe('a refused message', () => {
  it.each([463, 475, 479])(
    '%i is a typed error, a failed state and an event, never a success',
    async (code) => {
      stage.sandbox.faults.stanza({
        effect: 'refuse',
        account: phone,
        tag: 'message',
        count: 1,
        code: String(code),
      });
      const refused = await post({ to: silent, text: `refused ${code}` });
      expect(refused).toMatchObject({ status: 502, body: { code: 'whatsapp_rejected', whatsappCode: code } });
      expect(refused.body.detail).toContain(String(code));
      const id = refused.body.messageId;
      const event = await told(id, 'failed');
      expect(event.event.data.error).toMatchObject({ code: 'whatsapp_rejected', whatsappCode: code });
      const found = await stage.call('GET', `/v1/instances/desk/messages/${id}`);
      expect(found.body).toMatchObject({ status: 'failed', error: { whatsappCode: code } });
    },
  );
});

describe('the states of a message', () => {
  it('go sent, delivered, read, played, each told once', async () => {
    const { body } = await post({ to: silent, text: 'read me', wait: 'delivered' });
    expect(body.status).toBe('delivered');
    for (const mark of ['read', 'played'] as const) {
      stage.sandbox.contact(silent).mark(phone, body.id, mark);
      await told(body.id, mark);
    }
    expect(statusesOf(body.id)).toEqual(['sent', 'delivered', 'read', 'played']);
    const found = await stage.call('GET', `/v1/instances/desk/messages/${body.id}`);
    expect(found.body.status).toBe('played');
  });

  it('a contact that reads at once is told as read; delivered may be skipped, never told afterwards', async () => {
    const { body } = await post({ to: reader, text: 'read at once' });
    await told(body.id, 'read');
    expect(['sent,read', 'sent,delivered,read']).toContain(statusesOf(body.id).join());
  });

  it('never go back: a late receipt changes nothing', async () => {
    const { body } = await post({ to: silent, text: 'late' });
    stage.sandbox.contact(silent).mark(phone, body.id, 'read');
    await told(body.id, 'read');
    const next = await post({ to: silent, text: 'after', wait: 'delivered' });
    expect(next.status).toBe(201);
    expect(statusesOf(body.id).at(-1)).toBe('read');
  });
});

describe('order', () => {
  it('is kept within a chat, out and in, for messages sent at the same moment', async () => {
    const texts = Array.from({ length: 40 }, (_, index) => `ordered ${index}`);
    const answers = await Promise.all(texts.map((text) => post({ to: echo, text })));
    expect(answers.map(({ status }) => status)).toEqual(texts.map(() => 201));
    const echoes = () =>
      stage.hook
        .of('message.received')
        .map(({ data }) => data.text as string)
        .filter((text) => text.startsWith('ordered '));
    await stage.hook.until(() => echoes().length >= texts.length, 'all echoes');
    expect(echoes()).toEqual(texts);
  });

  it('offline messages come flagged and in the order in which they were written', async () => {
    await stage.call('POST', '/v1/instances/desk/disconnect');
    await stage.untilState('desk', 'stopped');
    const texts = Array.from({ length: 15 }, (_, index) => `offline ${index}`);
    for (const text of texts) await stage.sandbox.sendFrom(silent, phone, text);
    await stage.call('POST', '/v1/instances/desk/connect');
    const got = () =>
      stage.hook.of('message.received').filter(({ data }) => data.text?.startsWith('offline '));
    await stage.hook.until(() => got().length >= texts.length, 'the offline messages');
    expect(got().map(({ data }) => data.text)).toEqual(texts);
    expect(got().every(({ data }) => data.offline)).toBe(true);
    await stage.untilState('desk', 'open');
  });
});

describe('a closed line', () => {
  it('queued is answered at once and sent when the line is back, under the same id', async () => {
    stage.sandbox.faults.door('refuse', 1_200);
    stage.sandbox.faults.close('drop', phone);
    await stage.untilState('desk', 'reconnecting');
    const queued = await post({ to: silent, text: 'later', wait: 'queued' });
    expect(queued).toMatchObject({ status: 201, body: { status: 'queued' } });
    const waiting = await post({ to: silent, text: 'now' });
    expect(waiting.status).toBe(201);
    expect(['sent', 'delivered']).toContain(waiting.body.status);
    await told(queued.body.id, 'sent');
    const accepted = stage.sandbox.ledger({ direction: 'fromAccount', kind: 'message', id: queued.body.id });
    expect(accepted.map(({ state }) => state)).toEqual(['accepted']);
  });

  it('too late is 504 with the id, and a retry of the same key finds the same message', async () => {
    stage.sandbox.faults.door('refuse', 2_500);
    stage.sandbox.faults.close('drop', phone);
    await stage.untilState('desk', 'reconnecting');
    const key = { 'idempotency-key': 'patience' };
    const late = await post({ to: silent, text: 'patience', timeoutMs: 1_000 }, key);
    expect(late).toMatchObject({
      status: 504,
      body: { code: 'timeout', messageId: expect.stringMatching(/^3EB0/) },
    });
    const again = await post({ to: silent, text: 'patience', timeoutMs: 20_000 }, key);
    expect(again).toMatchObject({ status: 201, body: { id: late.body.messageId } });
    const sent = stage.sandbox.ledger({ direction: 'fromAccount', kind: 'message', id: late.body.messageId });
    expect(sent).toHaveLength(1);
  });

  it('a stopped instance refuses, and queues nothing', async () => {
    await stage.call('POST', '/v1/instances/desk/disconnect');
    await stage.untilState('desk', 'stopped');
    expect(await post({ to: silent, text: 'no' })).toMatchObject({
      status: 409,
      body: { code: 'instance_not_open' },
    });
    await stage.call('POST', '/v1/instances/desk/connect');
    await stage.untilState('desk', 'open');
  });
});

describe('pacing', () => {
  it('spaces the sends of an instance as its settings say', async () => {
    await stage.call('PATCH', '/v1/instances/desk', {
      settings: { sendDelayMsMin: 80, sendDelayMsMax: 120 },
    });
    const startedAt = Date.now();
    const answers = await Promise.all([1, 2, 3, 4].map((one) => post({ to: silent, text: `paced ${one}` })));
    const ids = new Set(answers.map(({ body }) => body.id as string));
    const times = stage.sandbox
      .ledger({ direction: 'fromAccount', kind: 'message' })
      .filter(({ id }) => ids.has(id))
      .map(({ at }) => at);
    expect(times).toHaveLength(4);
    // Each has its slot at least 80 ms after the one before; a busy machine may only be later than its slot.
    for (const [index, at] of times.entries()) expect(at - startedAt).toBeGreaterThanOrEqual(index * 80 - 2);
  });
});
