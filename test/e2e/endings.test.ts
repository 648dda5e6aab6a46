/** Logged out, replaced, banned: the instance stops, says why, keeps its data, and one call brings it back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

const view = async (id: string) => (await stage.call('GET', `/v1/instances/${id}`)).body;

async function expectKept(id: string): Promise<void> {
  const kept = await view(id);
  expect(kept.webhook.url).toBe(stage.hook.url);
  const told = stage.hook
    .of('instance.state')
    .filter(({ instance }) => instance === id)
    .at(-1);
  expect(told?.data.state).toBe(kept.state);
  expect(told?.data.reason).toBe(kept.lastError.message);
}

async function expectNewQr(id: string): Promise<void> {
  const shown = await stage.call('GET', `/v1/instances/${id}/qr?wait=20`);
  expect(shown).toMatchObject({ status: 200, body: { qr: expect.stringContaining('https://wa.me/') } });
}

describe('an instance that ends', () => {
  it('unlinked on the phone: logged_out, and one call shows a new QR', async () => {
    const { phone } = await stage.openInstance('unlinked');
    stage.sandbox.faults.unlink(phone);
    await stage.untilState('unlinked', 'logged_out');
    expect(await view('unlinked')).toMatchObject({ me: null, lastError: { code: 'logged_out' } });
    await stage.hook.next(
      ({ event }) => event.instance === 'unlinked' && event.data.state === 'logged_out',
      'told',
    );
    await expectKept('unlinked');
    await expectNewQr('unlinked');
  });

  it('replaced by another connection: stopped, and one call opens it again', async () => {
    const { phone } = await stage.openInstance('replaced');
    stage.sandbox.faults.close('replaced', phone);
    await stage.untilState('replaced', 'stopped');
    expect(await view('replaced')).toMatchObject({ lastError: { code: 'connection_replaced' } });
    await stage.hook.next(
      ({ event }) => event.instance === 'replaced' && event.data.state === 'stopped',
      'told',
    );
    await expectKept('replaced');
    expect(await stage.call('POST', '/v1/instances/replaced/connect')).toMatchObject({ status: 202 });
    await stage.untilState('replaced', 'open');
  });

  it('banned: failed, sends are refused with the reason, and one call shows a new QR', async () => {
    const { phone } = await stage.openInstance('banned');
    stage.sandbox.faults.failLogins(403, { account: phone, count: 9 });
    stage.sandbox.faults.close('503', phone);
    await stage.untilState('banned', 'failed');
    expect(await view('banned')).toMatchObject({ lastError: { code: 'banned' } });
    const body = { to: '5511987654321', type: 'text', text: 'x' };
    const refused = await stage.call('POST', '/v1/instances/banned/messages', body);
    expect(refused).toMatchObject({ status: 409, body: { code: 'instance_not_open' } });
    expect(refused.body.detail).toContain('banned');
    await stage.hook.next(
      ({ event }) => event.instance === 'banned' && event.data.state === 'failed',
      'told',
    );
    await expectKept('banned');
    stage.sandbox.faults.clear();
    await expectNewQr('banned');
  });

  it('a stream error 503 is followed by a reconnect, and what came meanwhile arrives', async () => {
    const { phone } = await stage.openInstance('shaken');
    stage.sandbox.faults.close('503', phone);
    await stage.sandbox.sendFrom('5511955558001', phone, 'meanwhile');
    await stage.hook.next(({ event }) => event.data?.text === 'meanwhile', 'the message of the gap');
    expect(await view('shaken')).toMatchObject({ state: 'open', lastError: null, reconnects: 1 });
  });

  it('an upgrade answered with HTTP 503 does not hang', async () => {
    const { phone } = await stage.openInstance('doorstep');
    stage.sandbox.faults.door('unavailable', 1_500);
    stage.sandbox.faults.close('drop', phone);
    await stage.untilState('doorstep', 'reconnecting');
    await stage.untilState('doorstep', 'open');
  });
});
