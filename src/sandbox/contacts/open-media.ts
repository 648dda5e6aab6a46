/** Decrypts the file of a message from the media store, as the app of a contact does. */
import { createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import { type MediaKind, mediaPartOf } from '../media/parts.ts';
import type { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import { keyNames } from './send-media.ts';

/** Null where the message has no file, or it is not what the message says. */
export function openMedia(world: World, message: proto.IMessage): Buffer | null {
  const part = mediaPartOf(message);
  const file = part && world.media.find(part.directPath ?? '');
  if (!part || !file) return null;
  const plain = part.mediaKey ? decrypt(part.kind, file, part.mediaKey) : file;
  const hash = plain && createHash('sha256').update(plain).digest();
  return hash?.equals(part.fileSha256 ?? Buffer.alloc(0)) ? plain : null;
}

function decrypt(kind: MediaKind, file: Buffer, mediaKey: Uint8Array): Buffer | null {
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), keyNames[kind], 112));
  const [iv, sealed, tag] = [keys.subarray(0, 16), file.subarray(0, -10), file.subarray(-10)];
  const mac = createHmac('sha256', keys.subarray(48, 80)).update(iv).update(sealed).digest();
  if (!mac.subarray(0, 10).equals(tag)) return null;
  const cipher = createDecipheriv('aes-256-cbc', keys.subarray(16, 48), iv);
  return Buffer.concat([cipher.update(sealed), cipher.final()]);
}
