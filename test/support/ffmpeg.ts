/**
 * ffmpeg, which converts audio and video and is not brought by this repository. Without it its tests are skipped
 * by name on a person's machine, and fail where CI is set (`.ci/tools` installs it).
 */
import { spawnSync } from 'node:child_process';

const found = spawnSync('ffmpeg', ['-version']).status === 0;

/** For `it.skipIf`: absent, and nobody promised that it is here. */
export const isFfmpegMissing = !found && !process.env['CI'];

/** Makes a file with it; throws with what it said. */
export function makeWithFfmpeg(argv: readonly string[], to: string): void {
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...argv, to]);
  if (status !== 0) throw new Error(`ffmpeg: ${String(stderr)}`);
}
