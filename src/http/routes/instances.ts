/** Instances: create, list, read, change, delete. Lifecycle actions are in lifecycle.ts. */
import type { Commands, InstanceView } from '../../protocol/commands.ts';
import { json, jsonOnce, noContent } from '../answer.ts';
import { renderInstance } from '../render.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import {
  createdInstance,
  deleteQuery,
  instanceInput,
  instanceListQuery,
  instancePage,
  instancePatch,
  instanceSchema,
  patchedInstance,
} from '../schemas/instance.ts';
import { found } from './found.ts';

const tag = 'instances';
const one = '/v1/instances/{id}';

const shownOnce = (view: InstanceView, once: Readonly<Record<string, string | null>>, status: number) =>
  jsonOnce(status, { ...renderInstance(view), ...once }, Object.keys(once));

const create = (commands: Commands): AnyRoute =>
  route({
    method: 'post',
    path: '/v1/instances',
    tag,
    summary: 'Creates an instance and, unless `connect` is false, connects it',
    access: 'admin',
    limit: 'instances',
    body: instanceInput,
    problems: ['instance_exists', 'instance_limit_reached'],
    idempotent: true,
    answers: { 201: { about: 'Created; the token is shown here only', json: createdInstance } },
    async handle({ body }) {
      const { view, token, secret } = await commands.createInstance(body);
      return shownOnce(view, { token, webhookSecret: secret }, 201);
    },
  });

const list = (commands: Commands): AnyRoute =>
  route({
    method: 'get',
    path: '/v1/instances',
    tag,
    summary: 'Lists instances; an instance token sees its own',
    access: 'key',
    limit: 'queries',
    query: instanceListQuery,
    answers: { 200: { about: 'A page of instances', json: instancePage } },
    handle({ query: { state, q, limit, cursor }, caller }) {
      const only = caller.kind === 'instance' ? caller.instance : null;
      const asked = { state: state ?? null, q: q ?? null, limit, cursor: cursor ?? null, only };
      const page = commands.listInstances(asked);
      return json(200, { items: page.items.map(renderInstance), next: page.next });
    },
  });

const read = (commands: Commands): AnyRoute =>
  route({
    method: 'get',
    path: one,
    tag,
    summary: 'Reads an instance',
    access: 'key',
    limit: 'queries',
    answers: { 200: { about: 'The instance', json: instanceSchema } },
    handle: ({ param }) => json(200, renderInstance(found(commands, param('id')))),
  });

const patch = (commands: Commands): AnyRoute =>
  route({
    method: 'patch',
    path: one,
    tag,
    summary: 'Changes webhook, settings, proxy or metadata',
    access: 'key',
    limit: 'instances',
    body: instancePatch,
    idempotent: true,
    answers: { 200: { about: 'The instance as changed', json: patchedInstance } },
    async handle({ param, body }) {
      const { view, secret } = await commands.patchInstance(param('id'), body);
      return shownOnce(view, { webhookSecret: secret }, 200);
    },
  });

const remove = (commands: Commands): AnyRoute =>
  route({
    method: 'delete',
    path: one,
    tag,
    summary: 'Deletes an instance and all its data; `logout=true` unlinks the device first',
    access: 'key',
    limit: 'instances',
    query: deleteQuery,
    idempotent: true,
    answers: { 204: { about: 'Gone' } },
    async handle({ param, query }) {
      await commands.deleteInstance(param('id'), { logout: query.logout });
      return noContent;
    },
  });

export const instanceRoutes = ({ commands }: FrontOptions): AnyRoute[] => [
  create(commands),
  list(commands),
  read(commands),
  patch(commands),
  remove(commands),
];
