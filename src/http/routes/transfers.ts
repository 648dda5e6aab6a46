/** One instance moved to another gateway: its settings and session as a sealed file, out of one and into the other. */
import type { MediaIntake, Upload } from '../../protocol/media.ts';
import { content, json } from '../answer.ts';
import { invalid } from '../problem.ts';
import { renderInstance } from '../render.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import { instanceSchema } from '../schemas/instance.ts';
import { exportInput, importInput } from '../schemas/transfer.ts';

const admin = {
  method: 'post',
  tag: 'instances',
  access: 'admin',
  limit: 'instances',
  transfers: true,
} as const;

const exportOne = ({ transfers }: FrontOptions): AnyRoute =>
  route({
    ...admin,
    path: '/v1/instances/{id}/export',
    summary: 'Settings and session as a sealed file, for `POST /v1/import` of another gateway',
    body: exportInput,
    problems: ['conflict'],
    answers: { 200: { about: 'The file', types: ['application/octet-stream'] } },
    handle: async ({ param, body }) =>
      content('application/octet-stream', await transfers.exportInstance(param('id'), body.passphrase)),
  });

/** The file as a part of its own, or as base64 in the body; `own` is removed here, the other by the pipeline. */
async function fileOf(
  base64: string | undefined,
  upload: Upload | null,
  media: MediaIntake,
): Promise<{ file: Upload; own: Upload | null }> {
  if (upload) return { file: upload, own: null };
  if (!base64)
    throw invalid([{ path: 'file', message: 'is required: multipart with a part "file", or base64' }]);
  const file = await media.decode(base64);
  return { file, own: file };
}

const importOne = ({ transfers, media }: FrontOptions): AnyRoute =>
  route({
    ...admin,
    path: '/v1/import',
    summary: 'Adds the instance of an export; it does not connect before it is told to',
    body: importInput,
    problems: ['conflict', 'instance_exists', 'instance_limit_reached'],
    takesMedia: true,
    idempotent: true,
    answers: { 201: { about: 'The instance; its token is the one that it had', json: instanceSchema } },
    async handle({ body: { passphrase, connect, base64 }, upload }) {
      const { file, own } = await fileOf(base64, upload, media);
      try {
        return json(201, renderInstance(await transfers.importInstance(file, { passphrase, connect })));
      } finally {
        if (own) await media.release(own);
      }
    },
  });

export const transferRoutes = (options: FrontOptions): AnyRoute[] => [exportOne(options), importOne(options)];
