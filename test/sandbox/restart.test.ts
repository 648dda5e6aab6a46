/** State that survives a restart of the sandbox: the same credentials log in, and messages go on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { echoNumber, jidOf, silentNumber } from './support/fixture.ts';
import { PhoneSocket } from './support/phone-socket.ts';

const ann = '5511970000601';

describe('restart', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sandbox-test-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('keeps accounts, sessions, groups and what waits', async () => {
    const stateFile = join(folder, 'state');
    const before = await startSandbox({ stateFile });
    const phone = await new PhoneSocket(before, { phone: ann }).whenOpen();
    await phone.send(jidOf(echoNumber), 'before');
    await phone.whenText('before');
    const group = await phone.sock.groupCreate('Cast', [jidOf(silentNumber)]);
    await phone.close();
    await before.sendFrom(echoNumber, ann, 'while away');
    await before.stop();

    const after = await startSandbox({ stateFile });
    expect(after.rootKey).toBe(before.rootKey);
    const again = await new PhoneSocket(after, { auth: phone.auth, scans: false }).whenOpen();
    await again.whenText('while away');
    await again.send(jidOf(echoNumber), 'after');
    await again.whenText('after');
    await again.send(group.id, 'to the cast');
    expect(after.stats().total.decryptFailures).toBe(0);
    await again.close();
    await after.stop();
  });

  it('refuses state that was made with another seed', async () => {
    const stateFile = join(folder, 'state');
    const before = await startSandbox({ stateFile, seed: 'one' });
    before.world.changed();
    await before.stop();
    await expect(startSandbox({ stateFile, seed: 'two' })).rejects.toThrow('another seed');
  });
});
