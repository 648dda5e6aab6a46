/** Backup and restore end to end: the commands in processes of their own, the gateway running all the time. */
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Program } from '../e2e/support/program.ts';
import { type Answer, adminKey, type Stage, startStage } from '../e2e/support/stage.ts';

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
  // Where nobody answers.
  PORT: '9',
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

/** Settings by which a second gateway speaks to the sandbox of the first. */
const sharedSandbox = (): Record<string, string> => ({
  WA_SOCKET_URL: stage.sandbox.url,
  WA_ROOT_KEY: stage.sandbox.rootKey,
});

async function exported(id: string, passphrase: string): Promise<Buffer> {
  const answer = await fetch(`${stage.gateway.url}/v1/instances/${id}/export`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ passphrase }),
  });
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

function formOf(sealed: Buffer, body: unknown): FormData {
  const form = new FormData();
  form.set('json', JSON.stringify(body));
  form.set('file', new Blob([new Uint8Array(sealed)]), 'one.elenco');
  return form;
}

async function importInto(there: Stage, body: FormData): Promise<Pick<Answer, 'status' | 'body'>> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const answer = await fetch(`${there.gateway.url}/v1/import`, { method: 'POST', headers, body });
  return { status: answer.status, body: await answer.json() };
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

  it('streams: a tar to stdout that tar lists, restored from stdin; it has the settings too', async () => {
    await stage.openInstance('piped');
    await stage.stopGateway();
    const main = ['src/cli/main.ts'];
    const set = environment({ PORT: '3456', ALERT_WEBHOOK: 'http://127.0.0.1:9/#a key' });
    const made = spawnSync(process.execPath, [...main, 'backup', '-', '--sessions'], { env: set });
    expect(made.status).toBe(0);
    const listed = spawnSync('tar', ['--list', '--verbose'], { input: made.stdout, env: { TZ: 'UTC' } });
    expect(listed.status, listed.stderr.toString()).toBe(0);
    const shown = /^-rw------- 0\/0 +\d+ 20\d\d-\d\d-\d\d \d\d:\d\d elenco-backup\/(\S+)$/gm;
    const members = [...listed.stdout.toString().matchAll(shown)].map(([, name]) => name);
    expect(members).toEqual(['README.txt', 'part-000001.sealed']);
    const dataDir = join(stage.dir, 'piped');
    const env = environment({ DATA_DIR: dataDir });
    const settings = spawnSync(process.execPath, [...main, 'settings', '-'], { env, input: made.stdout });
    expect(settings.stdout.toString().trim().split('\n').toSorted()).toEqual([
      'ALERT_WEBHOOK="http://127.0.0.1:9/#a key"',
      `DATA_DIR=${join(stage.dir, 'data')}`,
      'PORT=3456',
      `WA_ROOT_KEY=${stage.sandbox.rootKey}`,
      `WA_SOCKET_URL=${stage.sandbox.url}`,
    ]);
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
    const { port } = new URL(stage.gateway.url);
    expect((await elenco(['restore', cut], there({ PORT: port }))).says).toMatch(
      /^A gateway answers at http:.*: if it runs the numbers of this backup, stop it first\.\nelenco: /,
    );
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

  it('moves one between two running gateways over REST; nothing is written before the file is known to be good', async () => {
    const other = await startStage({ ...sharedSandbox(), BACKUP_PASSPHRASE: phrase });
    try {
      const { token, phone } = await stage.openInstance('mover');
      const passphrase = 'another passphrase than that of backups';
      const sealed = await exported('mover', passphrase);
      expect(sealed.includes(token)).toBe(false);
      const there = (form: FormData) => importInto(other, form);
      expect(await there(formOf(sealed, { passphrase: 'wrong passphrase' }))).toMatchObject({
        status: 400,
        body: { code: 'validation_failed', detail: expect.stringContaining('wrong passphrase') },
      });
      expect((await other.call('GET', '/v1/instances')).body.items).toEqual([]);
      const made = await there(formOf(sealed, { passphrase }));
      expect(made).toMatchObject({ status: 201, body: { id: 'mover', state: 'stopped' } });
      expect(await there(formOf(sealed, { passphrase }))).toMatchObject({
        status: 409,
        body: { code: 'instance_exists' },
      });
      await stage.call('DELETE', '/v1/instances/mover?logout=false');
      const own = { authorization: `Bearer ${token}` };
      expect((await other.call('POST', '/v1/instances/mover/connect', undefined, own)).status).toBe(202);
      await other.untilState('mover', 'open');
      await stage.sandbox.sendFrom(contact, phone, 'at the new place');
      await stage.hook.next(({ event }) => event.data?.text === 'at the new place', 'its webhook came along');
    } finally {
      await other.stop();
    }
  });

  it('elenco import goes to the running gateway where there is one', async () => {
    await stage.openInstance('back');
    const file = join(stage.dir, 'back.elenco');
    expect(await elenco(['export', 'back', file])).toMatchObject({ code: 0 });
    await stage.call('DELETE', '/v1/instances/back?logout=false');
    const online = environment({ ELENCO_URL: stage.gateway.url, ELENCO_KEY: adminKey });
    expect(await elenco(['import', file, '--connect'], online)).toMatchObject({
      code: 0,
      says: expect.stringContaining('back imported into the gateway at http'),
    });
    await stage.untilState('back', 'open');
    expect(await elenco(['import', file], online)).toMatchObject({
      code: 1,
      says: expect.stringContaining('instance_exists'),
    });
    expect((await elenco(['import', file], environment())).says).toMatch(/in use by .*ELENCO_KEY/s);
  });
});
