/** What makes an instance change its state, place or token. Pairing is in pairing.ts. */
import { AppError } from '../../errors.ts';
import type { Commands, InstanceView } from '../../protocol/commands.ts';
import { json, jsonOnce } from '../answer.ts';
import { renderInstance } from '../render.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import { instanceSchema, moveInput, tokenSchema } from '../schemas/instance.ts';

const tag = 'instances';

function action(name: string, summary: string, run: (id: string) => Promise<InstanceView>): AnyRoute {
  return route({
    method: 'post',
    path: `/v1/instances/{id}/${name}`,
    tag,
    summary,
    access: 'key',
    limit: 'instances',
    problems: ['already_open'],
    idempotent: true,
    answers: { 202: { about: 'Accepted; the state follows', json: instanceSchema } },
    handle: async ({ param }) => json(202, renderInstance(await run(param('id')))),
  });
}

const rotateToken = (commands: Commands): AnyRoute =>
  route({
    method: 'post',
    path: '/v1/instances/{id}/token',
    tag,
    summary: 'Makes a new token; the old one stops working',
    access: 'key',
    limit: 'instances',
    idempotent: true,
    answers: { 200: { about: 'The new token, shown here only', json: tokenSchema } },
    handle: async ({ param }) => jsonOnce(200, { token: await commands.rotateToken(param('id')) }, ['token']),
  });

const move = ({ commands, config }: FrontOptions): AnyRoute =>
  route({
    method: 'post',
    path: '/v1/instances/{id}/move',
    tag,
    summary: 'Moves an instance to another shard',
    access: 'admin',
    limit: 'instances',
    body: moveInput,
    problems: ['conflict'],
    idempotent: true,
    answers: { 202: { about: 'Accepted; the state follows', json: instanceSchema } },
    async handle({ param, body }) {
      if (body.shard >= config.shards) {
        const message = `takes 0 to ${config.shards - 1}, got ${body.shard}`;
        throw new AppError('validation_failed', `shard: ${message}`, {
          errors: [{ path: 'shard', message }],
        });
      }
      return json(202, renderInstance(await commands.moveInstance(param('id'), body.shard)));
    },
  });

export const lifecycleRoutes = (options: FrontOptions): AnyRoute[] => {
  const { commands } = options;
  return [
    action('connect', 'Opens the connection to WhatsApp', (id) => commands.connectInstance(id)),
    action('disconnect', 'Closes it and keeps the session', (id) => commands.disconnectInstance(id)),
    action('restart', 'Closes and opens it again', (id) => commands.restartInstance(id)),
    action('logout', 'Unlinks the device; pairing starts anew', (id) => commands.logoutInstance(id)),
    rotateToken(commands),
    move(options),
  ];
};
