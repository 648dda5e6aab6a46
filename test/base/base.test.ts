/** The base room: ids and tokens, clock, errors as data, assertions, detach, log redaction. */
import { Writable } from 'node:stream';
import fc from 'fast-check';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { AssertionFailed, assert, present, unreachable } from '../../src/assert.ts';
import { type Clock, iso, pause, systemClock, yieldTurn } from '../../src/clock.ts';
import { detach } from '../../src/detach.ts';
import { AppError, errorCodes, fromFailure, toFailure } from '../../src/errors.ts';
import { equalInConstantTime, randomId, randomToken, tokenHash, uuidv7 } from '../../src/ids.ts';
import { createLog, errorFields } from '../../src/log.ts';

describe('ids', () => {
  it('uuidv7 carries its time, version and variant, and sorts by time as text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 2 }), (nowMs) => {
        const id = uuidv7(nowMs);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
        expect(id < uuidv7(nowMs + 1)).toBe(true);
      }),
    );
  });

  it('made ids and tokens fit the API and do not repeat', () => {
    const ids = Array.from({ length: 1_000 }, randomId);
    expect(ids.every((id) => /^[a-z0-9]{12}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    expect(randomToken('tok')).toMatch(/^tok_[A-Za-z0-9_-]{43}$/);
    expect(tokenHash('a')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('compares in constant time, whatever the lengths', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(equalInConstantTime(a, b)).toBe(a === b);
        expect(equalInConstantTime(a, a)).toBe(true);
      }),
    );
  });
});

describe('the clock', () => {
  it('pause ends when its time is up or its signal aborts', async () => {
    const works: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock,
      after(_, work) {
        works.push(work);
        return { cancel: () => {} };
      },
    };
    const timed = pause(clock, 1_000);
    works[0]?.();
    await timed;
    const aborter = new AbortController();
    const aborted = pause(clock, 1_000, aborter.signal);
    aborter.abort();
    await aborted;
    await pause(clock, 1_000, AbortSignal.abort());
    expect(works).toHaveLength(2);
  });

  it('timers run once, cancelled ones never', async () => {
    let ran = 0;
    const cancelled = systemClock.after(0, () => {
      ran += 100;
    });
    cancelled.cancel();
    await new Promise<void>((resolve) => {
      systemClock.after(1, () => {
        ran += 1;
        resolve();
      });
    });
    await yieldTurn();
    expect(ran).toBe(1);
  });

  it('writes times as ISO 8601', () => {
    expect(iso(0)).toBe('1970-01-01T00:00:00.000Z');
  });
});

describe('errors', () => {
  it('cross a thread as data and come back', () => {
    const error = new AppError('mailbox_full', '4096 of 4096', { retryAfterMs: 5, extra: { shard: 1 } });
    const back = fromFailure(structuredClone(toFailure(error)));
    expect(back).toBeInstanceOf(AppError);
    expect(back).toMatchObject({ code: 'mailbox_full', message: '4096 of 4096', failure: error.failure });
  });

  it('anything else is internal', () => {
    expect(toFailure(new TypeError('x'))).toEqual({ code: 'internal', detail: 'x' });
    expect(toFailure('text')).toEqual({ code: 'internal', detail: 'text' });
  });

  it('codes are snake_case with an error status and a title', () => {
    for (const [code, { status, title }] of Object.entries(errorCodes)) {
      expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(title).not.toBe('');
    }
  });

  it('assertions throw with their message', () => {
    expect(() => assert(false, 'why')).toThrow(new AssertionFailed('why'));
    expect(() => present(null, 'gone')).toThrow('gone');
    expect(present(0, 'there')).toBe(0);
    expect(() => unreachable({ kind: 'New' } as never)).toThrow('unreachable: {"kind":"New"}');
  });

  it('a detached promise reports its failure', async () => {
    const failed = Promise.withResolvers<unknown>();
    detach(Promise.reject(new Error('lost')), failed.resolve);
    expect(await failed.promise).toEqual(new Error('lost'));
  });
});

describe('the log', () => {
  it('errors are plain data with a bounded stack', () => {
    const fields = errorFields(new AppError('timeout', 'late'));
    expect(fields).toMatchObject({ message: 'late', code: 'timeout' });
    expect(fields.stack?.split('\n').length).toBeLessThanOrEqual(8);
    expect(errorFields('text')).toEqual({ message: 'text' });
  });

  it('shows no secrets', () => {
    const lines: string[] = [];
    const sink = new Writable({
      write(line, _, done) {
        lines.push(String(line));
        done();
      },
    });
    const log = createLog('info', { thread: 'main' });
    // The log's own stream is stdout: the same settings on a stream that the test reads.
    const symbols = pino.symbols as unknown as { streamSym: symbol };
    Object.assign(log, { [symbols.streamSym]: sink });
    log.info({ token: 'hush-1', webhook: { secret: 'hush-2' }, message: { text: 'hush-3' } }, 'said');
    expect(lines.join('')).toContain('"thread":"main"');
    expect(lines.join('')).toContain('[redacted]');
    expect(lines.join('')).not.toContain('hush');
  });
});
