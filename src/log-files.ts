/**
 * Rotated log files (LOG_DIR). Every thread appends whole lines to `elenco.log`; the main thread renames it by
 * size and age and removes old ones; the others notice that the name has another file behind it and follow.
 * Lines written meanwhile land in the renamed file, so that none is lost. Used by log.ts and the gateway.
 */
import { fstatSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import pino from 'pino';
import { type Clock, iso, systemClock, type Timer } from './clock.ts';

export interface LogFileLimits {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Closed files that are kept. */
  readonly filesMax: number;
}

type Destination = ReturnType<typeof pino.destination> & { readonly fd: number };

const dirKey = 'elenco.logDir';
const currentName = 'elenco.log';
const closedName = /^elenco-[0-9TZ-]+\.log$/;
export const rotationPeriodMs = 5_000;

let open: { readonly file: string; readonly destination: Destination } | undefined;

/** Where this thread's lines go: the file of LOG_DIR once `rotateLogs` was called, else stdout. */
export function logDestination(): pino.DestinationStream {
  const dir = getEnvironmentData(dirKey);
  if (typeof dir !== 'string') return pino.destination({ dest: 1, sync: true });
  const file = join(dir, currentName);
  if (open?.file !== file) open = { file, destination: openFile(file) };
  return open.destination;
}

function openFile(file: string): Destination {
  const destination = pino.destination({ dest: file, append: true, mkdir: true, sync: true, mode: 0o640 });
  systemClock.every(rotationPeriodMs, () => follow(file, destination as Destination));
  return destination as Destination;
}

/** Reopens the file when its name has been given to another one. */
function follow(file: string, destination: Destination): void {
  const current = statSync(file, { throwIfNoEntry: false });
  if (current?.ino !== fstatSync(destination.fd).ino) destination.reopen(file);
}

/** Closes the file when it is full or old; answers whether it did. */
export function rotate(dir: string, limits: LogFileLimits, nowMs: number): boolean {
  const file = join(dir, currentName);
  const current = statSync(file, { throwIfNoEntry: false });
  if (!current || current.size === 0) return false;
  // Some file systems do not tell when a file was made: there only its size counts.
  const ageMs = current.birthtimeMs > 0 ? nowMs - current.birthtimeMs : 0;
  if (current.size < limits.maxBytes && ageMs < limits.maxAgeMs) return false;
  renameSync(file, join(dir, `elenco-${iso(nowMs).replaceAll(/[:.]/g, '-')}.log`));
  const closed = readdirSync(dir)
    .filter((name) => closedName.test(name))
    .toSorted();
  for (const name of closed.slice(0, -limits.filesMax)) rmSync(join(dir, name), { force: true });
  return true;
}

/**
 * Sends the logs of this process to files below `dir`: those of this thread and of every thread started from
 * now on. The main thread calls it once, before the first log is made. `onError` hears of a failing disk.
 */
export function rotateLogs(
  dir: string,
  limits: LogFileLimits,
  clock: Clock,
  onError: (error: unknown) => void,
): Timer {
  setEnvironmentData(dirKey, dir);
  return clock.every(rotationPeriodMs, () => {
    try {
      if (rotate(dir, limits, clock.now()) && open) follow(open.file, open.destination);
    } catch (error) {
      onError(error);
    }
  });
}

/** Back to stdout for logs made from now on. */
export const stopLogFiles = (): void => setEnvironmentData(dirKey, undefined);
