/**
 * Encrypts a file as WhatsApp does and puts it into the media store, for contacts that send media. Used
 * by the library and the control API.
 */
import { createCipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { MediaKind } from '../media/parts.ts';
import type { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';

/** Stickers use the keys of images. */
export const keyNames: Readonly<Record<MediaKind, string>> = {
  image: 'WhatsApp Image Keys',
  video: 'WhatsApp Video Keys',
  audio: 'WhatsApp Audio Keys',
  document: 'WhatsApp Document Keys',
  sticker: 'WhatsApp Image Keys',
};

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function encryptMedia(keyName: string, plain: Buffer, mediaKey: Buffer): Buffer {
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), keyName, 112));
  const iv = keys.subarray(0, 16);
  const cipher = createCipheriv('aes-256-cbc', keys.subarray(16, 48), iv);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  const mac = createHmac('sha256', keys.subarray(48, 80)).update(iv).update(sealed).digest().subarray(0, 10);
  return Buffer.concat([sealed, mac]);
}

/** Puts the file into the media store; returns what a message says of it. */
export function hostFile(world: World, folder: string, keyName: string, plain: Buffer) {
  const mediaKey = randomBytes(32);
  const file = encryptMedia(keyName, plain, mediaKey);
  const directPath = world.media.add(folder, file);
  const hashes = { fileSha256: sha256(plain), fileEncSha256: sha256(file) };
  return { directPath, mediaKey, ...hashes, fileLength: plain.length };
}

export interface MediaAbout {
  readonly mimetype: string;
  readonly caption?: string;
  readonly fileName?: string;
  /** Audio: a voice note. */
  readonly isVoice?: boolean;
  /** Video: a round video note. */
  readonly isNote?: boolean;
}

/** The message that carries `plain`; its file is in the store when this returns. */
export function mediaMessage(
  world: World,
  kind: MediaKind,
  plain: Buffer,
  about: MediaAbout,
): proto.IMessage {
  const hosted = hostFile(world, kind, keyNames[kind], plain);
  const content = {
    url: `https://${world.mediaHost}${hosted.directPath}`,
    ...hosted,
    mimetype: about.mimetype,
    mediaKeyTimestamp: Number(world.nowSeconds()),
    ...(about.caption === undefined ? {} : { caption: about.caption }),
    ...(about.fileName === undefined ? {} : { fileName: about.fileName }),
    ...(about.isVoice ? { ptt: true } : {}),
  };
  return { [about.isNote ? 'ptvMessage' : `${kind}Message`]: content };
}
