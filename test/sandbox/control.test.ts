/** The control API and the webhook receiver over HTTP. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mountHooks } from '../../src/sandbox/run/hook-routes.ts';
import { echoNumber, silentNumber, useSandbox } from './support/fixture.ts';

const ann = '5511970000701';

describe('control API', () => {
  const fixture = useSandbox();
  const get = async (path: string): Promise<unknown> =>
    (await fetch(`${fixture.sandbox.controlUrl}${path}`)).json();
  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${fixture.sandbox.controlUrl}${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers,
    });

  it('scans, sends, tells the numbers and the ledger', async () => {
    const phone = fixture.connect({ scans: false });
    const { qr } = await phone.connection.find((update) => update.qr !== undefined, 'qr');
    const paired = await post('/scan', { qr, phone: ann });
    expect(await paired.json()).toMatchObject({ phone: ann, device: 1 });
    await phone.whenOpen();
    const sent = (await (await post('/send', { from: echoNumber, to: ann, text: 'hello' })).json()) as {
      id: string;
    };
    await phone.whenText('hello');
    expect(await get('/stats')).toMatchObject({ accounts: 1, live: 1, perAccount: [{ phone: ann }] });
    expect(await get(`/ledger?id=${sent.id}`)).toMatchObject({
      entries: [{ account: ann, kind: 'message' }],
    });
    await post('/flood', { from: silentNumber, to: ann, count: 3, text: 'flood' });
    await phone.whenText('flood 3');
    expect(await (await post('/faults/close', { kind: 'drop', account: ann })).json()).toEqual({ closed: 1 });
    expect(await phone.whenClosed()).toBe(428);
  });

  it('says what is wrong', async () => {
    const wrong = await post('/faults/close', { kind: 'politely' });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ error: expect.stringContaining('"kind" must be one of') });
    expect((await post('/send', { from: '5511988880000', to: ann, text: 'x' })).status).toBe(400);
    expect((await post('/nowhere', {})).status).toBe(404);
  });

  it('receives webhooks, checks their signature, and lets a reader wait', async () => {
    const lines: string[] = [];
    mountHooks(fixture.sandbox.world, (line) => lines.push(line));
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
    const body = JSON.stringify({ type: 'message.received', instance: 'a', data: { text: 'hi' } });
    const mac = createHmac('sha256', Buffer.alloc(24, 7)).update(`id1.1.${body}`).digest('base64');
    const headers = { 'webhook-id': 'id1', 'webhook-timestamp': '1', 'webhook-signature': `v1,${mac}` };
    const waiting = get('/hook?wait=20000');
    await get('/');
    expect((await post(`/hook?secret=${encodeURIComponent(secret)}`, body, headers)).status).toBe(200);
    expect(await waiting).toMatchObject([{ id: 'id1', isSigned: true, body: { type: 'message.received' } }]);
    const forged = await post(`/hook?secret=${encodeURIComponent(secret)}`, `${body} `, headers);
    expect(forged.status).toBe(400);
    expect(lines[0]).toContain('signature ok');
  });
});
