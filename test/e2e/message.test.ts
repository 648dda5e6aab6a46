/** The main job: create, scan, open, send, and the echo of a virtual contact at the webhook, signed. */
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

const contact = '5511987654321';

describe('from creation to a delivered webhook', () => {
  it('pairs by QR, sends, and receives the echo, with a signature that verifies', async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const made = await stage.call('POST', '/v1/instances', {
      id: 'sales',
      webhook: { url: stage.hook.url, secret },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ id: 'sales', state: 'connecting', me: null });
    expect(made.body.token).toMatch(/^inst_/);

    const shown = await stage.call('GET', '/v1/instances/sales/qr?wait=20');
    expect(shown.body.qr).toContain('https://wa.me/settings/linked_devices#');
    const { phone } = await stage.sandbox.scan(shown.body.qr);
    await stage.untilState('sales', 'open');
    const opened = await stage.call('GET', '/v1/instances/sales');
    expect(opened.body).toMatchObject({
      state: 'open',
      lastError: null,
      me: { pn: `${phone}@s.whatsapp.net` },
    });

    const sent = await stage.call('POST', '/v1/instances/sales/messages', {
      to: contact,
      type: 'text',
      text: 'olá',
    });
    expect(sent.status).toBe(201);
    expect(sent.body).toMatchObject({ status: 'sent', fromMe: true, text: 'olá', type: 'text', error: null });

    const echo = await stage.hook.next(({ event }) => event.type === 'message.received', 'the echo');
    expect(echo.event).toMatchObject({
      instance: 'sales',
      data: { fromMe: false, type: 'text', offline: false },
    });
    expect(echo.event.data.text).toContain('olá');
    expect(echo.event.data.from.pn).toBe(`${contact}@s.whatsapp.net`);
    expect(echo.event.data.from.lid).toMatch(/@lid$/);
    const headers = echo.headers as Record<string, string>;
    expect(headers['webhook-id']).toBe(echo.event.id);
    expect(() => new Webhook(secret).verify(echo.body, headers)).not.toThrow();
    expect(() => new Webhook(secret).verify(`${echo.body} `, headers)).toThrow();
  });

  it('reports delivery up to the contact having it', async () => {
    const sent = await stage.call('POST', '/v1/instances/sales/messages', {
      to: contact,
      type: 'text',
      text: 'delivered?',
      wait: 'delivered',
    });
    expect(sent.status).toBe(201);
    expect(['delivered', 'read']).toContain(sent.body.status);
    const status = await stage.hook.next(
      ({ event }) =>
        event.type === 'message.status' &&
        event.data.id === sent.body.id &&
        event.data.status === 'delivered',
      'message.status delivered',
    );
    expect(status.event.data.chat.pn).toBe(`${contact}@s.whatsapp.net`);
    const found = await stage.call('GET', `/v1/instances/sales/messages/${sent.body.id}`);
    expect(found.body).toMatchObject({ id: sent.body.id, text: 'delivered?' });
  });

  it('the same idempotency key sends once', async () => {
    const body = { to: contact, type: 'text', text: 'once' };
    const key = { 'idempotency-key': 'order-17' };
    const [first, second] = await Promise.all([
      stage.call('POST', '/v1/instances/sales/messages', body, key),
      stage.call('POST', '/v1/instances/sales/messages', body, key),
    ]);
    const third = await stage.call('POST', '/v1/instances/sales/messages', body, key);
    expect([first.status, second.status, third.status]).toEqual([201, 201, 201]);
    expect(new Set([first.body.id, second.body.id, third.body.id]).size).toBe(1);
    expect(third.headers.get('idempotency-replayed')).toBe('true');
    const other = await stage.call('POST', '/v1/instances/sales/messages', { ...body, text: 'twice' }, key);
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
  });

  it('checks numbers, and says what came from the cache', async () => {
    const path = '/v1/instances/sales/numbers/check';
    const first = await stage.call('POST', path, { numbers: ['+55 11 97654-3210', '5511900000000'] });
    expect(first.status).toBe(200);
    expect(first.body.results).toMatchObject([
      { input: '+55 11 97654-3210', exists: true, cached: false },
      { input: '5511900000000', exists: false, jid: null },
    ]);
    const again = await stage.call('POST', path, { numbers: ['5511976543210'] });
    expect(again.body.results).toMatchObject([{ exists: true, cached: true }]);
  });

  it('refuses a number that is not on WhatsApp, and queues nothing', async () => {
    const body = { to: '5511900000000', type: 'text', text: 'nobody' };
    const refused = await stage.call('POST', '/v1/instances/sales/messages', body);
    expect(refused).toMatchObject({ status: 404, body: { code: 'not_on_whatsapp' } });
  });

  it('counts what was received and sent, by instance', async () => {
    const counts = () => stage.gateway.commands.getInstance('sales')?.status.counts;
    // The shard tells counters at most once a second.
    await stage.until(() => (counts()?.sent ?? 0) >= 3 && (counts()?.received ?? 0) >= 3, 'counters');
    const { body } = await stage.call('GET', '/monitoring/instances/metrics');
    const sales = body.items.find(({ id }: { id: string }) => id === 'sales');
    expect(sales).toMatchObject({ state: 'open', reconnects: 0, sendErrors: 0 });
    expect([sales.sent, sales.received]).toEqual([counts()?.sent, counts()?.received]);
    expect(sales.lastInboundAgeMs).toBeGreaterThanOrEqual(0);
  });

  it('a contact writes first', async () => {
    const { phone } = {
      phone: stage.gateway.commands.getInstance('sales')?.status.me?.pn?.split('@')[0] ?? '',
    };
    const id = await stage.sandbox.sendFrom('5511955554444', phone, 'bom dia');
    const got = await stage.hook.next(({ event }) => event.data?.id === id, 'the first message of a contact');
    expect(got.event).toMatchObject({ type: 'message.received', data: { text: 'bom dia' } });
  });

  it('shows the QR as a picture too', async () => {
    await stage.call('POST', '/v1/instances', { id: 'picture' });
    const url = `${stage.gateway.url}/v1/instances/picture/qr?wait=20`;
    const answer = await fetch(url, {
      headers: { authorization: 'Bearer e2e-admin-key', accept: 'image/png' },
    });
    expect(answer.headers.get('content-type')).toBe('image/png');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  });

  it('logs out: the session is gone, and a connect asks for a new QR', async () => {
    const { phone } = await stage.openInstance('leaver');
    expect(phone).not.toBe('');
    const out = await stage.call('POST', '/v1/instances/leaver/logout');
    expect(out).toMatchObject({ status: 202, body: { state: 'logged_out', me: null } });
    await stage.call('POST', '/v1/instances/leaver/connect');
    const shown = await stage.call('GET', '/v1/instances/leaver/qr?wait=20');
    expect(shown.status).toBe(200);
    const gone = await stage.call('DELETE', '/v1/instances/leaver');
    expect(gone.status).toBe(204);
    expect(await stage.call('GET', '/v1/instances/leaver')).toMatchObject({ status: 404 });
  });

  it('pairs by code', async () => {
    await stage.call('POST', '/v1/instances', { id: 'coded' });
    const phone = '5511944443333';
    const asked = await stage.call('POST', '/v1/instances/coded/pairing-code', { phone });
    expect(asked.status).toBe(200);
    expect(asked.body.code).toMatch(/^[0-9A-Z]{8}$/);
    await stage.sandbox.enterCode(phone, asked.body.code);
    await stage.untilState('coded', 'open');
  });
});
