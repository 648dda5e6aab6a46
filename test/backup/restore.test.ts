/** Backup and restore end to end: the commands in processes of their own, the gateway running all the time. */
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Program } from '../e2e/support/program.ts';
import { type Stage, startStage } from '../e2e/support/stage.ts';

const phrase = 'the passphrase of the test';
const contact = '5511955554444';

let stage: Stage;
beforeEach(async () => {
  stage = await startStage();
});
afterEach(() => stage.stop());

const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  DATA_DIR: join(stage.dir, 'data'),
  WA_SOCKET_URL: stage.sandbox.url,
  WA_ROOT_KEY: stage.sandbox.rootKey,
  BACKUP_PASSPHRASE: phrase,
  ...more,
});

async function elenco(
  argv: readonly string[],
  env = environment(),
): Promise<{ code: number | null; says: string }> {
  const program = new Program('src/cli/main.ts', argv, env);
  const code = await program.exited;
  return { code, says: program.stderr };
}

async function backUp(): Promise<string> {
  const folder = join(stage.dir, 'backups');
  const made = await elenco(['backup', folder]);
  expect(made).toMatchObject({ code: 0 });
  const [name = ''] = await readdir(folder);
  return join(folder, name);
}

describe('backup and restore', { timeout: 120_000 }, () => {
  it('a backup made under traffic opens every instance elsewhere without a QR, with what was undelivered', async () => {
    const phones = [await stage.openInstance('one'), await stage.openInstance('two')].map(
      ({ phone }) => phone,
    );
    stage.hook.status = 503;
    await stage.sandbox.sendFrom(contact, phones[0] ?? '', 'not delivered yet');
    await stage.until(
      () => (stage.gateway.commands.getInstance('one')?.status.lastInboundAt ?? 0) > 0,
      'the message is in',
    );
    const traffic = (async () => {
      for (let at = 0; at < 30; at++)
        await stage.sandbox.sendFrom(contact, phones[1] ?? '', `meanwhile ${at}`);
    })();
    const file = await backUp();
    await traffic;
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file)).includes('elenco-e2e')).toBe(false);
    await stage.stopGateway();

    const dataDir = join(stage.dir, 'elsewhere');
    const restored = await elenco(['restore', file], environment({ DATA_DIR: dataDir }));
    expect(restored).toMatchObject({ code: 0, says: expect.stringContaining('2 instances') });
    const qrsBefore = stage.hook.of('instance.qr').length;
    stage.hook.status = 200;
    await stage.startGateway({ DATA_DIR: dataDir, SHARDS: '3' });
    await Promise.all(['one', 'two'].map((id) => stage.untilState(id, 'open')));
    await stage.hook.next(({ event }) => event.data?.text === 'not delivered yet', 'what was undelivered');
    await stage.sandbox.sendFrom(contact, phones[1] ?? '', 'after the move');
    await stage.hook.next(({ event }) => event.data?.text === 'after the move', 'a new message');
    const sent = await stage.call('POST', '/v1/instances/one/messages', {
      to: contact,
      type: 'text',
      text: 'hi',
    });
    expect(sent.status).toBe(201);
    expect(stage.hook.of('instance.qr').length).toBe(qrsBefore);
  });

  it('streams: backup to stdout, restore from stdin, verify', async () => {
    await stage.openInstance('piped');
    await stage.stopGateway();
    const main = ['src/cli/main.ts'];
    const made = spawnSync(process.execPath, [...main, 'backup', '-', '--sessions'], { env: environment() });
    expect(made.status).toBe(0);
    const dataDir = join(stage.dir, 'piped');
    const env = environment({ DATA_DIR: dataDir });
    const verified = spawnSync(process.execPath, [...main, 'verify', '-'], { env, input: made.stdout });
    expect(verified.stderr.toString()).toContain('whole: sessions, 1 instance,');
    const restored = spawnSync(process.execPath, [...main, 'restore', '-'], { env, input: made.stdout });
    expect(restored.status).toBe(0);
    await stage.startGateway({ DATA_DIR: dataDir });
    await stage.untilState('piped', 'open');
  });

  it('refuses in words, and leaves nothing behind', async () => {
    await stage.openInstance('kept');
    const file = await backUp();
    const dataDir = join(stage.dir, 'empty');
    const there = (more: Record<string, string> = {}) => environment({ DATA_DIR: dataDir, ...more });
    const cut = join(stage.dir, 'cut');
    await writeFile(cut, (await readFile(file)).subarray(0, 2_000));
    const refused: [readonly string[], Record<string, string>, RegExp][] = [
      [['restore', file], there({ BACKUP_PASSPHRASE: 'another passphrase' }), /wrong passphrase/],
      [['restore', file], there({ BACKUP_PASSPHRASE: '' }), /BACKUP_PASSPHRASE is not set/],
      [['restore', cut], there(), /cut off|damaged/],
      [['restore', file], there({ WA_ROOT_KEY: 'ab'.repeat(32) }), /its sessions are for/],
      [['restore', file], environment(), /is in use by process/],
      [['backup', join(stage.dir, 'backups')], there(), /has no store/],
      [['import', file], environment({ DATA_DIR: join(stage.dir, 'third') }), /backup of a whole store/],
      [['export', 'nobody', '-'], environment(), /no instance nobody/],
      [['restore'], there(), /say: elenco restore FILE/],
    ];
    for (const [argv, env, why] of refused) {
      const { code, says } = await elenco(argv, env);
      expect(says).toMatch(why);
      expect(code).not.toBe(0);
      expect(says.trim().split('\n')).toHaveLength(1);
    }
    const left = await readdir(dataDir).catch(() => []);
    expect(left.filter((name) => name.startsWith('store') || name === 'restoring')).toEqual([]);
    await stage.stopGateway();
    expect((await elenco(['restore', file], environment())).says).toMatch(/already has a store/);
  });
});

describe('export and import', { timeout: 120_000 }, () => {
  it('moves one instance to another gateway, without a QR and with its token', async () => {
    const { token } = await stage.openInstance('mover');
    await stage.openInstance('stays');
    await stage.call('POST', '/v1/instances/mover/disconnect');
    await stage.untilState('mover', 'stopped');
    const file = join(stage.dir, 'mover.elenco');
    expect(await elenco(['export', 'mover', file])).toMatchObject({ code: 0 });
    await stage.stopGateway();
    const dataDir = join(stage.dir, 'other');
    await mkdir(dataDir);
    await chmod(dataDir, 0o700);
    const there = environment({ DATA_DIR: dataDir });
    expect(await elenco(['import', file], there)).toMatchObject({ code: 0 });
    expect((await elenco(['import', file], there)).says).toMatch(/already here/);
    await stage.startGateway({ DATA_DIR: dataDir });
    const own = await stage.call('GET', '/v1/instances/mover', undefined, {
      authorization: `Bearer ${token}`,
    });
    expect(own).toMatchObject({ status: 200, body: { id: 'mover' } });
    expect((await stage.call('GET', '/v1/instances/stays')).status).toBe(404);
    await stage.call('POST', '/v1/instances/mover/connect');
    await stage.untilState('mover', 'open');
  });
});
