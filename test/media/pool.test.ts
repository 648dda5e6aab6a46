/** The media pool: real worker threads render, the cache saves work, a full queue refuses. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import { AppError } from '../../src/errors.ts';
import { type MediaPoolOptions, startMediaPool } from '../../src/media/pool.ts';
import { mediaNice } from '../../src/media/priority.ts';

function start(more: Partial<MediaPoolOptions> = {}) {
  const pool = startMediaPool({ clock: systemClock, qrCacheTtlMs: 30_000, maxThreads: 1, ...more });
  return { pool, [Symbol.asyncDispose]: () => pool.stop() };
}

const pngSignature = [0x89, 0x50, 0x4e, 0x47];

describe('media pool', () => {
  it('renders PNG and SVG in a worker thread', async () => {
    await using started = start();
    const png = await started.pool.renderQr('2@text', 'png');
    expect([...png.subarray(0, 4)]).toEqual(pngSignature);
    const svg = new TextDecoder().decode(await started.pool.renderQr('2@text', 'svg'));
    expect(svg).toMatch(/^<svg /);
  });

  it('keeps a rendered code until its time is up', async () => {
    let now = 1_000;
    const clock: Clock = { ...systemClock, elapsed: () => now };
    await using started = start({ clock, qrCacheTtlMs: 500 });
    const first = await started.pool.renderQr('a', 'svg');
    expect(await started.pool.renderQr('a', 'svg')).toBe(first);
    now += 501;
    expect(await started.pool.renderQr('a', 'svg')).not.toBe(first);
    expect(started.pool.qrCache()).toEqual({ hits: 1, misses: 2, size: 1 });
    expect(started.pool.clearQrCache()).toBe(1);
  });

  it('shares the work of requests that come together', async () => {
    await using started = start();
    const [one, two] = await Promise.all([
      started.pool.renderQr('a', 'png'),
      started.pool.renderQr('a', 'png'),
    ]);
    expect(one).toBe(two);
  });

  it('refuses with mailbox_full when its queue is full, and serves again afterwards', async () => {
    await using started = start({ maxQueue: 1 });
    const codes = Array.from({ length: 8 }, (_, index) => started.pool.renderQr(`code ${index}`, 'svg'));
    const results = await Promise.allSettled(codes);
    const refusals = results.filter((result) => result.status === 'rejected').map((result) => result.reason);
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals.every((error) => error instanceof AppError && error.code === 'mailbox_full')).toBe(true);
    expect((await started.pool.renderQr('code 7', 'svg')).byteLength).toBeGreaterThan(0);
  });

  it('does not keep a failed rendering', async () => {
    await using started = start();
    const tooLong = 'x'.repeat(10_000);
    await expect(started.pool.renderQr(tooLong, 'png')).rejects.toThrow();
    expect(started.pool.qrCache().size).toBe(0);
  });

  it.runIf(process.platform === 'linux')('leaves the cores to the other threads first', async () => {
    await using started = start();
    await started.pool.renderQr('a', 'svg');
    const niceOf = (task: string): number => {
      const stat = readFileSync(`/proc/self/task/${task}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
    };
    const main = niceOf(String(process.pid));
    const others = new Set(readdirSync('/proc/self/task').map(niceOf));
    expect(others).toEqual(new Set([main, Math.min(19, main + mediaNice)]));
  });
});
