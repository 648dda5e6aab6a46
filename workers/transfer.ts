/** Thread entry of one export or import. Everything is in src/backup; nothing here may grow. */
import { parentPort, workerData } from 'node:worker_threads';
import { type TransferRun, transfer } from '../src/backup/transfer.ts';

parentPort?.postMessage(await transfer(workerData as TransferRun));
