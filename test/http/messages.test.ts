/** Messages and number checks: what reaches the commands and how answers look. */
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { messageSchema } from '../../src/http/schemas/message.ts';
import { startTestFront } from './support/start.ts';

const path = '/v1/instances/a/messages';

describe('messages', () => {
  it('hands on what was asked, with the defaults', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const reply = await t.ask('POST', path, { body: { to: '+55 11 98888-7777', type: 'text', text: 'olá' } });
    expect(reply.status).toBe(201);
    expect(messageSchema.strict().parse(reply.body)).toEqual(reply.body);
    expect(reply.body).toMatchObject({ text: 'olá', timestamp: '2026-01-02T03:04:05.678Z', status: 'sent' });
    expect(t.commands.sent[0]?.input).toEqual({
      messageId: reply.body.id,
      to: '+55 11 98888-7777',
      content: { type: 'text', text: 'olá', mentions: [] },
      quote: null,
      wait: 'server',
      timeoutMs: 20_000,
    });
  });

  it('hands on quote, mentions, wait and timeoutMs', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const more = { quote: '3EB0AA', mentions: ['5511977776666'], wait: 'delivered', timeoutMs: 1_000 };
    await t.ask('POST', path, { body: { to: '5511988887777', type: 'text', text: 'x', ...more } });
    expect(t.commands.sent[0]?.input).toMatchObject({
      content: { mentions: ['5511977776666'] },
      quote: '3EB0AA',
      wait: 'delivered',
      timeoutMs: 1_000,
    });
  });

  it.each(['list', 'buttons'])('answers 501 for type %s', async (type) => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const reply = await t.ask('POST', path, { body: { to: '5511988887777', type, anything: true } });
    expect([reply.status, reply.body.code]).toEqual([501, 'not_supported']);
  });

  it.each([
    [{ type: 'text', text: 'x' }, 'to'],
    [{ to: '55119', type: 'text' }, 'text'],
    [{ to: '55119', type: 'text', text: '' }, 'text'],
    [{ to: '55119', type: 'text', text: 'x'.repeat(65_537) }, 'text'],
    [{ to: '55119', type: 'telegram', text: 'x' }, 'type'],
    [{ to: '55119', text: 'x' }, 'type'],
    [{ to: '55119', type: 'text', text: 'x', wait: 'read' }, 'wait'],
    [{ to: '55119', type: 'text', text: 'x', timeoutMs: 999 }, 'timeoutMs'],
    [{ to: '55119', type: 'text', text: 'x', timeoutMs: 25_001 }, 'timeoutMs'],
    [{ to: '55119', type: 'text', text: 'x', colour: 'red' }, 'colour'],
  ])('refuses %j and names the field', async (body, field) => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const reply = await t.ask('POST', path, { body });
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: 'validation_failed', errors: [{ path: field }] });
  });

  it('passes errors of the commands on, with what they add', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    t.commands.beforeSend = async ({ messageId }) => {
      throw new AppError('timeout', 'WhatsApp did not acknowledge within 20000 ms', { extra: { messageId } });
    };
    const reply = await t.ask('POST', path, { body: { to: '55119', type: 'text', text: 'x' } });
    expect(reply.status).toBe(504);
    expect(reply.body.messageId).toBe(t.commands.sent[0]?.input.messageId);
  });

  it('shows nothing of an unexpected error but a request id', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    t.commands.beforeSend = async () => {
      throw new TypeError('secret detail');
    };
    const reply = await t.ask('POST', path, { body: { to: '55119', type: 'text', text: 'x' } });
    expect([reply.status, reply.body.code]).toEqual([500, 'internal']);
    expect(reply.text).not.toContain('secret detail');
    expect(reply.body.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('reads one, and says when an id is not unique', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    expect((await t.ask('GET', `${path}/ABC`)).body.id).toBe('ABC');
    expect((await t.ask('GET', `${path}/NONE`)).status).toBe(404);
    expect((await t.ask('GET', `${path}/TWICE`)).body.code).toBe('ambiguous_message');
    expect((await t.ask('GET', `${path}/TWICE?chat=5511988887777`)).status).toBe(200);
  });

  it('checks numbers in order, at most 500', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const check = (numbers: string[]) =>
      t.ask('POST', '/v1/instances/a/numbers/check', { body: { numbers } });
    const many = Array.from({ length: 500 }, (_, index) => `551198888${index}`);
    const reply = await check(many);
    expect(reply.body).toMatchObject({ results: many.map((input) => ({ input })) });
    expect((await check([...many, '1'])).status).toBe(400);
    expect((await check([])).status).toBe(400);
  });
});
