/** Pairing, login and one-to-one messages with unmodified Baileys sockets. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { PhoneSocket } from './support/phone-socket.ts';

const echo = '5511988880001@s.whatsapp.net';

describe('core', () => {
  let sandbox: Sandbox;
  const sockets: PhoneSocket[] = [];
  const connect = (options: ConstructorParameters<typeof PhoneSocket>[1] = {}): PhoneSocket => {
    const socket = new PhoneSocket(sandbox, options);
    sockets.push(socket);
    return socket;
  };

  beforeEach(async () => {
    sandbox = await startSandbox();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) await socket.close();
    await sandbox.stop();
  });

  it('pairs by QR, opens, and echoes a text', async () => {
    const phone = await connect({ phone: '5511970000101' }).whenOpen();
    expect(phone.sock.user?.id).toBe('5511970000101:1@s.whatsapp.net');
    await phone.send(echo, 'hello');
    const answer = await phone.whenText('hello');
    expect(answer.message.key.remoteJid).toBe(echo);
    expect(answer.message.pushName).toBe('Contact 0001');
    expect(sandbox.stats().total.decryptFailures).toBe(0);
  });

  it('pairs by code', async () => {
    const phone = connect({ scans: false });
    await phone.connection.find(({ qr }) => qr !== undefined, 'qr');
    const code = await phone.sock.requestPairingCode('5511970000102');
    await sandbox.enterCode('5511970000102', code);
    await phone.whenOpen();
    expect(phone.sock.user?.id).toBe('5511970000102:1@s.whatsapp.net');
  });

  it('relays between two accounts both ways', async () => {
    const [ann, bob] = await Promise.all([
      connect({ phone: '5511970000103' }).whenOpen(),
      connect({ phone: '5511970000104' }).whenOpen(),
    ]);
    const id = await ann.send('5511970000104@s.whatsapp.net', 'from ann');
    await bob.whenText('from ann');
    await bob.send('5511970000103@s.whatsapp.net', 'from bob');
    await ann.whenText('from bob');
    await ann.whenStatus(id, 3);
    expect(sandbox.stats().total.decryptFailures).toBe(0);
  });

  it('keeps what comes while offline and delivers it after the next login', async () => {
    const phone = await connect({ phone: '5511970000105' }).whenOpen();
    await phone.send(echo, 'first');
    await phone.whenText('first');
    sandbox.dropConnections('5511970000105');
    expect(await phone.whenClosed()).toBe(428);
    for (let n = 1; n <= 5; n += 1) await sandbox.sendFrom('5511988880001', '5511970000105', `offline ${n}`);
    phone.open();
    await phone.whenOpen(2);
    const last = await phone.whenText('offline 5');
    expect(last.type).toBe('append');
    const texts = phone.upserts.all.map(({ message }) => message.message?.conversation ?? '');
    expect(texts.filter((text) => text.startsWith('offline'))).toEqual(
      [1, 2, 3, 4, 5].map((n) => `offline ${n}`),
    );
  });
});
