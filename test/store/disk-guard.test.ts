/** The reserve: what is refused when the disk has less room than it, and that the numbers are told. */
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { DiskGuard } from '../../src/store/lmdb/disk-guard.ts';

const { bavail, bsize } = statfsSync(tmpdir());
const freeBytes = bavail * bsize;
const added = { to: 'setting', key: 'a', value: 1 } as const;
const delivered = { to: 'delivered', webhook: 'a', seq: 1 } as const;
const guardOf = (reserveBytes: number) => new DiskGuard(tmpdir(), reserveBytes, systemClock);

describe('disk reserve', () => {
  it('lets everything through while there is room', () => {
    expect(() => guardOf(1).admit([added, delivered])).not.toThrow();
  });

  it('refuses what adds, and lets pass what frees, within the reserve', () => {
    const guard = guardOf(freeBytes * 2);
    expect(() => guard.admit([delivered])).not.toThrow();
    expect(() => guard.admit([{ to: 'creds', instance: 'a', value: null }])).not.toThrow();
    expect(() => guard.admit([delivered, added])).toThrow(
      expect.objectContaining({
        code: 'store_failed',
        message: expect.stringMatching(/has [\d.]+ MB left, DISK_RESERVE_MB/),
      }),
    );
  });

  it('refuses everything below a quarter of it', () => {
    expect(() => guardOf(freeBytes * 8).admit([delivered])).toThrow(
      expect.objectContaining({ code: 'store_failed' }),
    );
  });
});
