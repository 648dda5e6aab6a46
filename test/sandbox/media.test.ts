/** Media over loopback TLS with unmodified Baileys sockets: upload, echo, download, and from contacts. */
import { createHash } from 'node:crypto';
import { downloadMediaMessage, type WAMessage } from '@whiskeysockets/baileys';
import { describe, expect, it } from 'vitest';
import { mediaMessage } from '../../src/sandbox/contacts/send-media.ts';
import { echoNumber, jidOf, silentNumber, useSandbox } from './support/fixture.ts';

const ann = '5511970000401';
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const download = (message: WAMessage): Promise<Buffer> => downloadMediaMessage(message, 'buffer', {});

describe('media', () => {
  const fixture = useSandbox();

  it('uploads, comes back as an echo, downloads decrypted, and downloads what a contact sends', async () => {
    const phone = await fixture.open(ann);
    const file = Buffer.alloc(300_000, 'curtain ');
    await phone.send(jidOf(echoNumber), { document: file, mimetype: 'text/plain', fileName: 'play.txt' });
    const echo = await phone.upserts.find(
      ({ message }) => message.key.fromMe !== true && Boolean(message.message?.documentMessage),
      'document',
    );
    expect(sha(await download(echo.message))).toBe(sha(file));
    expect(fixture.sandbox.world.media).toMatchObject({ uploads: 1, downloads: 1 });

    const picture = Buffer.from('not really a picture');
    const message = mediaMessage(fixture.sandbox.world, 'image', picture, {
      mimetype: 'image/jpeg',
      caption: 'look',
    });
    await fixture.sandbox.sendFrom(silentNumber, ann, message);
    const received = await phone.upserts.find(
      ({ message: upsert }) => upsert.message?.imageMessage?.caption === 'look',
      'image',
    );
    expect(await download(received.message)).toEqual(picture);
  });
});
