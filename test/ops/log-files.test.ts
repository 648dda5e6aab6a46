/** Rotated log files: by size and by age, no line lost between threads that write to one name. */
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setEnvironmentData, Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { changeLogLevel, createLog } from '../../src/log.ts';
import { rotate, rotateLogs, stopLogFiles } from '../../src/log-files.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-logs-'));
});
afterEach(async () => {
  stopLogFiles();
  await rm(dir, { recursive: true, force: true });
});

const limits = { maxBytes: 1_000, maxAgeMs: 3_600_000, filesMax: 2 };
const files = async (): Promise<string[]> => (await readdir(dir)).toSorted();

describe('rotate', () => {
  it('leaves a small young file, closes a full one and an old one, keeps the newest', async () => {
    const file = join(dir, 'elenco.log');
    const from = Date.now();
    expect(rotate(dir, limits, from)).toBe(false);
    await writeFile(file, 'x'.repeat(999));
    expect(rotate(dir, limits, from)).toBe(false);
    for (let round = 1; round <= 4; round++) {
      await writeFile(file, 'x'.repeat(1_000));
      expect(rotate(dir, limits, from + round * 1_000)).toBe(true);
    }
    await writeFile(file, 'young');
    await utimes(file, 0, 0);
    expect(rotate(dir, limits, Date.now() + limits.maxAgeMs + 1)).toBe(true);
    expect((await files()).length).toBe(2);
    expect(await readFile(join(dir, (await files())[1] ?? ''), 'utf8')).toBe('young');
  });
});

const worker = `
const { parentPort, workerData } = require('node:worker_threads');
(async () => {
  const { createLog } = await import(workerData.log);
  const log = createLog('info', { thread: 'worker' });
  parentPort.on('message', (message) => {
    if (message === 'end') return parentPort.close();
    for (let at = 0; at < 50; at++) log[message]({ at }, 'from the worker');
    parentPort.postMessage('written');
  });
  parentPort.postMessage('ready');
})();
`;

function startWriter(): { said(): Promise<unknown>; worker: Worker } {
  const log = new URL('../../src/log.ts', import.meta.url).href;
  const started = new Worker(worker, { eval: true, workerData: { log } });
  return { worker: started, said: () => new Promise((resolve) => started.once('message', resolve)) };
}

describe('two threads', () => {
  it('write whole lines to one name, before and after it is given to a new file', async () => {
    rotateLogs(dir, { ...limits, maxBytes: 1 }, systemClock, () => undefined).cancel();
    const log = createLog('info', { thread: 'main' });
    const writer = startWriter();
    await writer.said();
    for (let round = 0; round < 3; round++) {
      writer.worker.postMessage('info');
      for (let at = 0; at < 50; at++) log.info({ at }, 'from main');
      await writer.said();
      rotate(dir, { ...limits, maxBytes: 1, filesMax: 10 }, Date.now());
    }
    writer.worker.postMessage('end');
    const text = await Promise.all((await files()).map((name) => readFile(join(dir, name), 'utf8')));
    const lines = text.join('').trim().split('\n');
    expect(lines).toHaveLength(300);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: 30 });
  });

  it('follow a change of the level while they run', async () => {
    setEnvironmentData('elenco.logDir', dir);
    const log = createLog('info', { thread: 'main' });
    const writer = startWriter();
    await writer.said();
    changeLogLevel('debug');
    expect(log.level).toBe('debug');
    const seen = async (): Promise<boolean> => {
      writer.worker.postMessage('debug');
      await writer.said();
      return (await readFile(join(dir, 'elenco.log'), 'utf8')).includes('"thread":"worker"');
    };
    while (!(await seen())) await new Promise((resolve) => setImmediate(resolve));
    writer.worker.postMessage('end');
  });
});
