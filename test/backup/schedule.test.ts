/** When a scheduled backup is due, what goes, and that a real one is made by the worker thread. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupName, backupTime, type FolderBackup } from '../../src/backup/backup.ts';
import { type BackupRun, BackupSchedule } from '../../src/backup/schedule.ts';
import { iso, systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { storeIdentity } from '../../src/store/identity.ts';
import { openStore } from '../../src/store/lmdb/open.ts';

const hourMs = 3_600_000;
let dir: string;
let now: number;
let runs: BackupRun[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-schedule-'));
  now = Date.parse('2026-03-01T00:00:00Z');
  runs = [];
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const settings = () =>
  loadConfig({
    DATA_DIR: join(dir, 'data'),
    BACKUP_DIR: join(dir, 'backups'),
    BACKUP_PASSPHRASE: 'twelve or more',
    BACKUP_PERIOD_HOURS: '6',
    BACKUP_FILES_MAX: '2',
  });

function schedule(make?: (run: BackupRun) => Promise<FolderBackup>): BackupSchedule {
  const clock = { ...systemClock, now: () => now };
  const options = { config: settings(), clock, log: createLog('silent'), version: '1.2.3' };
  return new BackupSchedule(make ? { ...options, make } : options);
}

async function pretend(run: BackupRun): Promise<FolderBackup> {
  runs.push(run);
  return { file: 'f', rows: 1, removed: 0 };
}

describe('a scheduled backup', () => {
  it('has a name that sorts by time and tells it', () => {
    expect(backupTime(backupName(iso(now)))).toBe(now);
    expect(backupTime('elenco-notes.txt')).toBeNull();
  });

  it('is due when the newest file is older than the period, whoever made it', async () => {
    const one = schedule(async (run) => {
      const made = await pretend(run);
      await writeFile(join(run.folder, backupName(run.madeAt)), '');
      return made;
    });
    await mkdir(join(dir, 'backups'));
    await one.check();
    await one.check();
    expect(runs).toHaveLength(1);
    now += 6 * hourMs - 1;
    await one.check();
    expect(runs).toHaveLength(1);
    now += 1;
    await schedule(pretend).check();
    expect(runs).toHaveLength(2);
  });

  it('that failed is shown and tried again at the next check', async () => {
    const one = schedule(async (run) => {
      runs.push(run);
      throw new Error('no space left on device');
    });
    await one.check();
    await one.check();
    expect(runs).toHaveLength(2);
    expect(one.state).toEqual({ lastAt: null, error: 'no space left on device' });
  });

  it('is made by a thread of its own, beside the open store, and the oldest go', {
    timeout: 60_000,
  }, async () => {
    const store = await openStoreOnce();
    const one = schedule();
    for (let round = 0; round < 3; round++) {
      await one.check();
      now += 7 * hourMs;
    }
    await store.close();
    expect(one.state.error).toBeNull();
    expect(await readdir(join(dir, 'backups'))).toHaveLength(2);
  });
});

function openStoreOnce() {
  const config = settings();
  return openStore({
    ...{ dir: config.dataDir, identity: storeIdentity(config), durability: config.durability },
    ...{ isOwner: true, clock: systemClock },
  });
}
