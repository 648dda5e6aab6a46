/**
 * Runs the system's ffmpeg on one file: no shell, no network, only containers that hold media themselves (a
 * playlist would read other files), bounded in time, beside at most one other run in this thread. Called by the
 * conversions in the media pool.
 */
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { AppError } from '../errors.ts';
import { conversionsAtOnceMax, conversionTimeoutMs, ffmpegTextMaxChars } from './limits.ts';

/** Demuxers whose input is the file itself. */
const containers = [
  ...[
    'mov,mp4,m4a,3gp,3g2,mj2',
    'matroska,webm',
    'ogg',
    'wav',
    'mp3',
    'aac',
    'flac',
    'amr',
    'avi',
    'caf',
    'aiff',
  ],
  ...['asf', 'gif', 'mpegts', 'mpeg', 'flv', 'w64', 'au', 'image2', 'png_pipe', 'jpeg_pipe', 'webp_pipe'],
].join(',');
const lowPriority = 10;

const missing = (program: string): AppError =>
  new AppError(
    'conversion_failed',
    `ffmpeg is missing: "${program}" cannot be started; install it (FFMPEG_PATH says where it is)`,
  );

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= conversionsAtOnceMax) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.at(-1) ?? 'it said nothing').slice(0, 300);
}

function start(
  program: string,
  argv: readonly string[],
  onOutput: ((part: Buffer) => void) | null,
): Promise<{ code: number | null; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; text: string }>();
  const ran = spawn(program, argv, {
    stdio: ['ignore', onOutput ? 'pipe' : 'ignore', 'pipe'],
    timeout: conversionTimeoutMs,
    killSignal: 'SIGKILL',
  });
  let text = '';
  ran.stderr?.on('data', (part: Buffer) => {
    text = (text + part.toString()).slice(-ffmpegTextMaxChars);
  });
  if (onOutput) ran.stdout?.on('data', onOutput);
  ran.once('spawn', () => {
    try {
      if (ran.pid !== undefined) setPriority(ran.pid, lowPriority);
    } catch {
      // It ended already, or may not be lowered: it runs as it is.
    }
  });
  ran.once('error', reject);
  ran.once('close', (code) => resolve({ code, text }));
  return promise;
}

/**
 * `argv` follows the input. What ffmpeg writes to its standard output goes to `onOutput`. Rejects
 * `conversion_failed` where it is missing, fails or takes too long.
 */
export function runFfmpeg(
  program: string,
  input: string,
  argv: readonly string[],
  onOutput: ((part: Buffer) => void) | null = null,
): Promise<void> {
  const head = ['-nostdin', '-hide_banner', '-v', 'error', '-threads', '1'];
  const source = ['-protocol_whitelist', 'file,pipe', '-format_whitelist', containers, '-i', `file:${input}`];
  return inTurn(async () => {
    const ended = await start(program, [...head, ...source, ...argv], onOutput).catch((error: unknown) => {
      const { code } = error as { code?: unknown };
      throw code === 'ENOENT' || code === 'EACCES' ? missing(program) : error;
    });
    if (ended.code === 0) return;
    const why = ended.code === null ? `it took more than ${conversionTimeoutMs} ms` : lastLine(ended.text);
    throw new AppError('conversion_failed', `ffmpeg could not convert the file: ${why}`);
  });
}
