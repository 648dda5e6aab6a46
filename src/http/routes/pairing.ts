/** Pairing an instance with a phone: the QR as text or picture, or a code to type in. */
import { iso } from '../../clock.ts';
import type { QrShown } from '../../protocol/instance.ts';
import { type Answer, content, json } from '../answer.ts';
import { answerMarginMs } from '../limits.ts';
import { preferredType } from '../negotiate.ts';
import { type AnyRoute, type FrontOptions, type PictureFormat, route } from '../route.ts';
import { pairingInput, pairingSchema, qrQuery, qrSchema } from '../schemas/instance.ts';

const tag = 'pairing';
const pictures: Readonly<Record<string, PictureFormat>> = { 'image/png': 'png', 'image/svg+xml': 'svg' };
const qrTypes = ['application/json', ...Object.keys(pictures)];

async function show(shown: QrShown, type: string, options: FrontOptions): Promise<Answer> {
  const format = pictures[type];
  if (format) return content(type, await options.renderQr(shown.qr, format));
  return json(200, { qr: shown.qr, expiresAt: iso(shown.expiresAt) });
}

const readQr = (options: FrontOptions): AnyRoute =>
  route({
    method: 'get',
    path: '/v1/instances/{id}/qr',
    tag,
    summary: 'The QR code to scan, as JSON, PNG or SVG by `Accept`; waits up to `wait` seconds for one',
    access: 'key',
    limit: 'queries',
    query: qrQuery,
    problems: ['already_open', 'instance_not_open', 'qr_not_ready'],
    waits: ({ query }) => query.wait > 0,
    answers: { 200: { about: 'The QR code', json: qrSchema, types: Object.keys(pictures) } },
    async handle({ param, query, header }) {
      const waitMs = Math.min(query.wait * 1_000, options.config.requestTimeoutMs - answerMarginMs);
      const shown = await options.commands.getQr(param('id'), waitMs);
      return show(shown, preferredType(header('accept'), qrTypes), options);
    },
  });

const requestCode = ({ commands }: FrontOptions): AnyRoute =>
  route({
    method: 'post',
    path: '/v1/instances/{id}/pairing-code',
    tag,
    summary: 'A code to type into the phone instead of scanning',
    access: 'key',
    limit: 'instances',
    body: pairingInput,
    asksWhatsapp: true,
    problems: ['already_open', 'qr_not_ready'],
    idempotent: true,
    answers: { 200: { about: 'The code', json: pairingSchema } },
    async handle({ param, body }) {
      const { code, expiresAt } = await commands.requestPairingCode(param('id'), body.phone);
      return json(200, { code, expiresAt: iso(expiresAt) });
    },
  });

export const pairingRoutes = (options: FrontOptions): AnyRoute[] => [readQr(options), requestCode(options)];
