/** Bounds of the media room that are not settings, unit last. */
import { assert } from '../assert.ts';

/** Bytes hashed, encrypted or copied between two turns of the event loop. */
export const partBytes = 262_144;
/** Bytes of base64 that are decoded in one go: larger strings are no young garbage to V8. */
export const textBytes = 65_536;
/** Bytes of files that pass through a thread between two collections of its young generation. */
export const collectEveryBytes = 2 * 1_048_576;

/** Files of one URL: redirects followed, and time for the whole. */
export const redirectsMax = 5;
export const fetchTimeoutMs = 120_000;
export const fetchIdleTimeoutMs = 20_000;
export const fetchesAtOnceMax = 32;

export const previewTimeoutMs = 8_000;
export const previewPageMaxBytes = 1_048_576;
export const previewPictureMaxBytes = 5_242_880;
export const previewTitleMaxChars = 300;
export const previewDescriptionMaxChars = 600;

/** Pixels that a picture may have: 100 megapixels decode to 400 MB at worst, and JPEGs to far less. */
export const picturePixelsMax = 100_000_000;
export const thumbnailMaxPixels = 96;
export const thumbnailQuality = 50;
export const convertedPictureQuality = 85;
/** Profile pictures of accounts and groups, as WhatsApp's apps make them: square. */
export const profilePicturePixels = 640;
export const profilePictureQuality = 50;

export const stickerPixels = 512;
/** What WhatsApp's apps take, and what they still show; the first is aimed at. */
export const stickerAnimatedWantedBytes = 500_000;
export const stickerMaxBytes = 1_000_000;
export const stickerSecondsMax = 10;

export const voiceBitrate = '32k';
export const waveformSamples = 64;
/** Loudness is measured at this rate, and kept a value every so many samples. */
export const waveformRateHz = 8_000;
export const waveformStepSamples = 160;

/** One run of ffmpeg; longer work is given up. */
export const conversionTimeoutMs = 120_000;
export const conversionsAtOnceMax = 2;
export const ffmpegTextMaxChars = 4_000;

/** A folder of kept files that changed within this time is read again. */
export const folderSettledMs = 5_000;
/** Kept files above their limit are removed down to this share of it. */
export const keptGoalShare = 0.9;
export const keptSweepPeriodMs = 60_000;

/** Time after which a request's file or a prepared one that nobody refers to is removed. */
export const orphanAgeMs = 15 * 60_000;
export const sweepPeriodMs = 5 * 60_000;

assert(previewTimeoutMs < 20_000, 'a preview is made well before a send is answered');
