/** What survives: sessions over a restart, a gateway without a network, a server with another root. */
import { afterEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Stage, startStage } from './support/stage.ts';

let stage: Stage;
afterEach(() => stage.stop());

describe('restart', () => {
  it('instances open again without a new QR, and get what was written meanwhile', async () => {
    stage = await startStage();
    const { phone } = await stage.openInstance('kept');
    await stage.stopGateway();
    const id = await stage.sandbox.sendFrom('5511955554444', phone, 'while you were out');
    const qrsBefore = stage.hook.of('instance.qr').length;
    await stage.startGateway();
    await stage.untilState('kept', 'open');
    const got = await stage.hook.next(({ event }) => event.data?.id === id, 'the offline message');
    expect(got.event.data).toMatchObject({ text: 'while you were out', offline: true });
    expect(stage.hook.of('instance.qr').length).toBe(qrsBefore);
  });

  it('a stopped instance stays stopped', async () => {
    stage = await startStage();
    await stage.openInstance('resting');
    await stage.call('POST', '/v1/instances/resting/disconnect');
    await stage.untilState('resting', 'stopped');
    await stage.stopGateway();
    await stage.startGateway();
    expect(await stage.call('GET', '/v1/instances/resting')).toMatchObject({ body: { state: 'stopped' } });
    await stage.call('POST', '/v1/instances/resting/connect');
    await stage.untilState('resting', 'open');
  });

  it('a webhook that was down gets what it missed after a restart', async () => {
    stage = await startStage();
    const { phone } = await stage.openInstance('patient');
    stage.hook.status = 503;
    await stage.sandbox.sendFrom('5511955554444', phone, 'do not lose me');
    await stage.until(
      () => (stage.gateway.commands.getInstance('patient')?.status.lastInboundAt ?? 0) > 0,
      'the message is in',
    );
    await stage.stopGateway();
    stage.hook.status = 200;
    await stage.startGateway();
    const got = await stage.hook.next(({ event }) => event.data?.text === 'do not lose me', 'the kept event');
    expect(got.event.type).toBe('message.received');
  });
});

describe('the other end', () => {
  it('without a network REST serves and the instance shows why it is not open', async () => {
    stage = await startStage({ WA_SOCKET_URL: 'ws://127.0.0.1:9/ws/chat' });
    await stage.call('POST', '/v1/instances', { id: 'alone' });
    await stage.until(
      () => stage.gateway.commands.getInstance('alone')?.status.lastError !== null,
      'a reason in lastError',
    );
    const { body } = await stage.call('GET', '/v1/instances/alone');
    expect(['connecting', 'reconnecting']).toContain(body.state);
    expect(body.lastError.code).toMatch(/^connection_/);
    expect((await stage.call('GET', '/monitoring/health')).status).toBe(200);
  });

  it('a server whose certificate another root signed is refused', async () => {
    stage = await startStage({ WA_ROOT_KEY: 'ab'.repeat(32) });
    await stage.call('POST', '/v1/instances', { id: 'wary' });
    await stage.until(
      () => stage.gateway.commands.getInstance('wary')?.status.lastError?.code === 'certificate_invalid',
      'certificate_invalid',
    );
    expect(stage.gateway.commands.getInstance('wary')?.status.state).toBe('reconnecting');
  });

  it('a data folder made for one server is refused for another', async () => {
    stage = await startStage();
    await stage.stopGateway();
    const other = await startSandbox({ seed: 'another server' });
    try {
      const env = { WA_SOCKET_URL: other.url, WA_ROOT_KEY: other.rootKey };
      await expect(stage.startGateway(env)).rejects.toThrow();
    } finally {
      await other.stop();
    }
  });
});
