/** Thread entry of one scheduled backup. Everything is in src/backup; nothing here may grow. */
import { parentPort, workerData } from 'node:worker_threads';
import { backUpTo } from '../src/backup/backup.ts';
import type { BackupRun } from '../src/backup/schedule.ts';
import { openForReading } from '../src/backup/snapshot.ts';

const { dataDir, dataKey, folder, ...options } = workerData as BackupRun;
const env = openForReading(dataDir, dataKey);
const made = await backUpTo(env, folder, { ...options, scope: 'all', instance: null });
await env.root.close();
parentPort?.postMessage(made);
