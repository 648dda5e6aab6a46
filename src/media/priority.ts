/**
 * Lets the threads of the media pool step back behind all others: on two cores, work on a file of 100 MB would
 * otherwise take its turns before requests and sockets. Called once by a thread about itself; Linux alone has
 * priorities of threads (elsewhere it would be the whole process that steps back, so nothing is done there).
 */
import { constants, getPriority, setPriority } from 'node:os';

/** Added to the nice value; what such a thread starts (ffmpeg) inherits it. */
export const mediaNice = 10;

export function stepBack(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Math.min(constants.priority.PRIORITY_LOW, getPriority() + mediaNice));
  } catch {
    // Not permitted: then it shares the cores like any other.
  }
}
