/** One instance moved to another gateway: its settings and session as a sealed file, out of one and into the other. */
import { content, json } from '../answer.ts';
import { invalid } from '../problem.ts';
import { renderInstance } from '../render.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import { instanceSchema } from '../schemas/instance.ts';
import { exportInput, importInput } from '../schemas/transfer.ts';
import { withUpload } from '../upload.ts';

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
      if (!upload && !base64)
        throw invalid([{ path: 'file', message: 'is required: multipart with a part "file", or base64' }]);
      const source = base64 === undefined ? undefined : { base64 };
      const view = await withUpload(source, { intake: media, upload }, (file) =>
        transfers.importInstance(file, { passphrase, connect }),
      );
      return json(201, renderInstance(view));
    },
  });

export const transferRoutes = (options: FrontOptions): AnyRoute[] => [exportOne(options), importOne(options)];
