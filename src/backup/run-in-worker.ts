/**
 * Runs one piece of work in a thread of its own, whose entry in workers/ posts the result and ends. Used for backups,
 * exports and imports: they read, compress and seal for seconds.
 */
import { Worker } from 'node:worker_threads';

/** `entry`: name of the file in workers/. Rejects when the thread fails or ends without a result. */
export function runInWorker<T>(entry: string, workerData: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(`../../workers/${entry}`, import.meta.url), { workerData });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread of workers/${entry} ended with ${code}`)));
  });
}
