/**
 * Any audio as a voice note: Opus in OGG, mono, with its duration and a waveform of 64 samples. By ffmpeg; what is
 * Opus in OGG already needs none, but then has no waveform where ffmpeg is missing. Runs in the media pool.
 */
import { parseFile } from 'music-metadata';
import { AppError } from '../errors.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { voiceBitrate, waveformRateHz, waveformSamples, waveformStepSamples } from './limits.ts';

export interface AudioFacts {
  readonly seconds: number | null;
  readonly container: string;
  readonly codec: string;
}

/** Null where the file is no audio that is known. */
export async function readAudio(path: string): Promise<AudioFacts | null> {
  try {
    const { format } = await parseFile(path, { duration: true, skipCovers: true });
    if (!format.codec && !format.container) return null;
    const seconds = format.duration === undefined ? null : format.duration;
    return { seconds, container: format.container ?? '', codec: format.codec ?? '' };
  } catch {
    return null;
  }
}

/** Mean loudness a step, from 16-bit samples as they come. */
class Loudness {
  readonly means: number[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #sum = 0;
  #count = 0;
  samples = 0;

  add(part: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, part]) : part;
    const even = bytes.length - (bytes.length % 2);
    for (let at = 0; at < even; at += 2) this.#take(Math.abs(bytes.readInt16LE(at)));
    this.#rest = bytes.subarray(even);
  }

  #take(level: number): void {
    this.#sum += level;
    this.#count += 1;
    this.samples += 1;
    if (this.#count < waveformStepSamples) return;
    this.means.push(this.#sum / this.#count);
    this.#sum = 0;
    this.#count = 0;
  }
}

/** 64 values from 0 to 100, the loudest is 100. */
export function waveformOf(means: readonly number[]): Uint8Array {
  const loudest = Math.max(1, ...means.map((mean) => Math.ceil(mean)));
  return Uint8Array.from({ length: waveformSamples }, (_, index) => {
    const from = Math.floor((index * means.length) / waveformSamples);
    const to = Math.max(from + 1, Math.floor(((index + 1) * means.length) / waveformSamples));
    const part = means.slice(from, to);
    const mean = part.reduce((sum, value) => sum + value, 0) / Math.max(1, part.length);
    return Math.min(100, Math.round((mean / loudest) * 100));
  });
}

async function listen(ffmpeg: string, path: string): Promise<{ seconds: number; waveform: Uint8Array }> {
  const loudness = new Loudness();
  const raw = ['-vn', '-ac', '1', '-ar', String(waveformRateHz), '-f', 's16le', 'pipe:1'];
  await runFfmpeg(ffmpeg, path, raw, (part) => loudness.add(part));
  if (loudness.samples === 0) throw new AppError('conversion_failed', 'the file has no sound');
  return { seconds: loudness.samples / waveformRateHz, waveform: waveformOf(loudness.means) };
}

export interface VoiceNote {
  /** The file is a voice note as it is: nothing was written to `to`. */
  readonly isOriginal: boolean;
  readonly seconds: number | null;
  readonly waveform: Uint8Array | null;
}

const isMissing = (error: unknown): boolean =>
  error instanceof AppError && error.message.startsWith('ffmpeg is missing');

export async function makeVoice(ffmpeg: string, from: string, to: string): Promise<VoiceNote> {
  const known = await readAudio(from);
  const isOriginal = known?.container === 'Ogg' && known.codec.startsWith('Opus');
  if (!isOriginal) {
    const coded = [
      '-c:a',
      'libopus',
      '-b:a',
      voiceBitrate,
      '-ac',
      '1',
      '-ar',
      '48000',
      '-application',
      'voip',
    ];
    await runFfmpeg(ffmpeg, from, ['-vn', '-map_metadata', '-1', ...coded, '-f', 'ogg', '-y', `file:${to}`]);
  }
  try {
    return { isOriginal, ...(await listen(ffmpeg, isOriginal ? from : to)) };
  } catch (error) {
    if (!isOriginal || !isMissing(error)) throw error;
    return { isOriginal, seconds: known.seconds, waveform: null };
  }
}
