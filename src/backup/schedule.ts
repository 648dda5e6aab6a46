/**
 * Scheduled backups (BACKUP_DIR): due when the newest file of the folder is older than the period, so that a
 * restart neither skips nor repeats one. Each is made in a thread of its own. The gateway calls `check` on a
 * timer; a failure is logged and shown, and tried again at the next check.
 */
import { readdir } from 'node:fs/promises';
import { type Clock, iso } from '../clock.ts';
import type { Config } from '../config.ts';
import { errorFields, type Log } from '../log.ts';
import { backupTime, type FolderBackup } from './backup.ts';
import { runInWorker } from './run-in-worker.ts';

export interface BackupRun {
  readonly dataDir: string;
  readonly dataKey: string | null;
  readonly folder: string;
  readonly passphrase: string;
  readonly madeAt: string;
  readonly version: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly filesMax: number;
}

export interface BackupState {
  /** Time of the newest backup, ms since the epoch, null before the first. */
  readonly lastAt: number | null;
  /** Why the last try failed, null where it did not. */
  readonly error: string | null;
}

export interface ScheduleOptions {
  readonly config: Pick<Config, 'dataDir' | 'dataKey' | 'backup' | 'given'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Makes one backup; a worker thread unless a test says otherwise. */
  readonly make?: (run: BackupRun) => Promise<FolderBackup>;
}

export const backupCheckPeriodMs = 60_000;
const hourMs = 3_600_000;

/** One backup in a worker thread, which reads a snapshot of the store that this process has open. */
const makeInWorker = (run: BackupRun): Promise<FolderBackup> => runInWorker('backup.ts', run);

export class BackupSchedule {
  #options: ScheduleOptions;
  #state: BackupState = { lastAt: null, error: null };
  #isRunning = false;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  get state(): BackupState {
    return this.#state;
  }

  /** Makes a backup if one is due and none is under way. */
  async check(): Promise<void> {
    const { config, clock } = this.#options;
    const { dir, passphrase, periodHours, filesMax } = config.backup;
    if (dir === null || passphrase === null || this.#isRunning) return;
    this.#isRunning = true;
    try {
      const lastAt = await newestIn(dir);
      this.#state = { ...this.#state, lastAt };
      const now = clock.now();
      if (lastAt !== null && now - lastAt < periodHours * hourMs) return;
      await this.#make({ folder: dir, passphrase, filesMax, now });
    } finally {
      this.#isRunning = false;
    }
  }

  async #make(due: { folder: string; passphrase: string; filesMax: number; now: number }): Promise<void> {
    const { config, log, version, make = makeInWorker } = this.#options;
    const { folder, passphrase, filesMax, now } = due;
    try {
      const { dataDir, dataKey, given: settings } = config;
      const run = { dataDir, dataKey, folder, passphrase, madeAt: iso(now), version, settings, filesMax };
      const { file, rows, removed } = await make(run);
      this.#state = { lastAt: now, error: null };
      log.info({ file, rows, removed }, 'backup made');
    } catch (error) {
      this.#state = { ...this.#state, error: error instanceof Error ? error.message : String(error) };
      log.error({ folder, error: errorFields(error) }, 'backup failed');
    }
  }
}

async function newestIn(folder: string): Promise<number | null> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const times = names.map(backupTime).filter((time) => time !== null);
  return times.length === 0 ? null : Math.max(...times);
}
