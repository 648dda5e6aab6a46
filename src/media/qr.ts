/** Renders a pairing text as a QR picture. Runs in the media pool's threads: never called on the main thread. */
import { toBuffer, toString as toMarkup } from 'qrcode';

export interface QrOrder {
  readonly text: string;
  readonly format: 'png' | 'svg';
}

const quietZoneModules = 4;
const pixelsPerModule = 8;

/** PNG or SVG bytes. */
export async function renderQr({ text, format }: QrOrder): Promise<Uint8Array> {
  if (format === 'png')
    return toBuffer(text, { type: 'png', margin: quietZoneModules, scale: pixelsPerModule });
  return new TextEncoder().encode(await toMarkup(text, { type: 'svg', margin: quietZoneModules }));
}
