/** Values encrypted at rest: nothing readable in the file, wrong keys refused in words, keys changed and taken away. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rekey } from '../../src/backup/rekey.ts';
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/lmdb/open.ts';
import type { Store } from '../../src/store/ports.ts';
import { Program } from '../e2e/support/program.ts';
import { type Stage, startStage } from '../e2e/support/stage.ts';
import { describeStore } from '../store/contract.ts';
import { contractRetention, optionsFor } from '../store/records.ts';

const [keyA, keyB] = ['ab'.repeat(32), 'cd'.repeat(32)] as const;
const identity = { socketHost: 'example.com', rootKey: '00' };
const creds = Buffer.from('the private key of somebody, in clear'.repeat(20));

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-key-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const open = (dataKey: string | null, isOwner = true): Promise<Store> =>
  openStore({ dir, identity, durability: 'process', isOwner, clock: systemClock, dataKey });

async function filled(dataKey: string | null): Promise<void> {
  const store = await open(dataKey);
  const rows = Array.from({ length: 300 }, (_, at) => `pre-key:${at}`);
  await store.commit([
    { to: 'creds', instance: 'one', value: creds },
    ...rows.map((key) => ({ to: 'signal', instance: 'one', key, value: creds }) as const),
  ]);
  await store.close();
}

async function isWhole(dataKey: string | null): Promise<boolean> {
  const store = await open(dataKey);
  const own = await store.sessions.creds('one');
  const range = [...(await store.sessions.signalRange('one', 'pre-key:'))];
  await store.close();
  return (
    range.length === 300 &&
    [own, ...range.map(([, value]) => value)].every((value) => creds.equals(value ?? creds.subarray(1)))
  );
}

const isReadable = async (): Promise<boolean> =>
  (await readFile(join(dir, 'store', 'data.mdb'))).includes('the private key of somebody');

describe('DATA_KEY', () => {
  it('hides values in the file and gives them back', async () => {
    await filled(keyA);
    expect(await isWhole(keyA)).toBe(true);
    expect(await isReadable()).toBe(false);
  });

  it('that is wrong, missing or too much is refused in one line', async () => {
    await filled(keyA);
    await expect(open(keyB)).rejects.toThrow(/^DATA_KEY: got another key/);
    await expect(open(null)).rejects.toThrow(/^DATA_KEY: got nothing/);
    await rm(dir, { recursive: true });
    await filled(null);
    await expect(open(keyA)).rejects.toThrow(/^DATA_KEY: the store is not encrypted; `elenco rekey`/);
    expect(await isReadable()).toBe(true);
    expect(await isWhole(null)).toBe(true);
  });
});

describeStore(
  'encrypted values',
  () => () => openStore({ ...optionsFor(dir), identity, dataKey: keyA, retention: contractRetention }),
);

describe('rekey', () => {
  it.each([
    ['a plain store', null, keyA],
    ['to another key', keyA, keyB],
    ['back to plain', keyA, null],
  ])('%s', async (_, from, to) => {
    await filled(from);
    expect(await rekey({ dataDir: dir, from, to, now: 'now' })).toBeGreaterThan(300);
    expect(await isWhole(to)).toBe(true);
    expect(await isReadable()).toBe(to === null);
    await expect(open(from)).rejects.toThrow(/^DATA_KEY/);
    expect((await readdir(dir)).filter((name) => /old|rekeying/.test(name))).toEqual([]);
  });

  it('killed between its last two steps leaves the old store, which the next start finds', async () => {
    await filled(keyA);
    await rename(join(dir, 'store'), join(dir, 'store.old'));
    await mkdir(join(dir, 'rekeying'));
    expect(await isWhole(keyA)).toBe(true);
  });
});

describe('a gateway with DATA_KEY', { timeout: 120_000 }, () => {
  let stage: Stage;
  afterEach(() => stage.stop());

  it('runs, changes its key, and opens again without a QR', async () => {
    stage = await startStage({ DATA_KEY: keyA });
    await stage.openInstance('sealed');
    await stage.stopGateway();
    const program = new Program('src/cli/main.ts', ['rekey'], {
      ...{ DATA_DIR: join(stage.dir, 'data'), DATA_KEY: keyA, DATA_KEY_NEXT: keyB },
      ...{ WA_SOCKET_URL: stage.sandbox.url, WA_ROOT_KEY: stage.sandbox.rootKey },
    });
    expect(await program.exited).toBe(0);
    await expect(stage.startGateway()).rejects.toThrow(/DATA_KEY/);
    await stage.startGateway({ DATA_KEY: keyB });
    await stage.untilState('sealed', 'open');
  });
});
