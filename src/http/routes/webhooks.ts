/** Webhooks: the same routes for each instance and, for the admin key, for all instances together. */
import { AppError } from '../../errors.ts';
import type { Commands } from '../../protocol/commands.ts';
import { globalWebhookId } from '../../protocol/instance.ts';
import { json, jsonOnce, noContent } from '../answer.ts';
import { renderDelivery, renderWebhook } from '../render.ts';
import { type AnyRoute, type FrontOptions, type RouteInput, route } from '../route.ts';
import { replayedRange, replayInput } from '../schemas/dead-letter.ts';
import {
  deliveryPage,
  deliveryQuery,
  webhookInput,
  webhookSchema,
  webhookShownOnce,
  webhookTestSchema,
} from '../schemas/webhook.ts';

/** Where a webhook stands: its path, who may touch it, and its id from the request. */
interface Place {
  readonly path: string;
  readonly access: 'key' | 'admin';
  id(call: Pick<RouteInput<unknown, unknown>, 'param'>): string;
}

const places: readonly Place[] = [
  { path: '/v1/instances/{id}/webhook', access: 'key', id: ({ param }) => param('id') },
  { path: '/v1/webhook', access: 'admin', id: () => globalWebhookId },
];

const tag = 'webhooks';
const problems = ['webhook_not_set'] as const;

const notSet = (): AppError => new AppError('webhook_not_set', 'no webhook is set here');

const read = (commands: Commands, { path, access, id }: Place): AnyRoute =>
  route({
    method: 'get',
    path,
    tag,
    summary: 'The webhook, without its secret',
    access,
    problems,
    limit: 'queries',
    answers: { 200: { about: 'The webhook', json: webhookSchema } },
    handle(call) {
      const webhook = commands.getWebhook(id(call));
      if (!webhook) throw notSet();
      return json(200, renderWebhook(webhook));
    },
  });

const set = (commands: Commands, { path, access, id }: Place): AnyRoute =>
  route({
    method: 'put',
    path,
    tag,
    summary: 'Sets the webhook; a secret is made when absent and shown once',
    access,
    problems,
    limit: 'global',
    body: webhookInput,
    idempotent: true,
    answers: { 200: { about: 'The webhook; a new secret is shown here only', json: webhookShownOnce } },
    async handle(call) {
      const { webhook, secret } = await commands.setWebhook(id(call), call.body);
      return jsonOnce(200, { ...renderWebhook(webhook), secret }, ['secret']);
    },
  });

const remove = (commands: Commands, { path, access, id }: Place): AnyRoute =>
  route({
    method: 'delete',
    path,
    tag,
    summary: 'Removes the webhook and what waits for it',
    access,
    problems,
    limit: 'global',
    idempotent: true,
    answers: { 204: { about: 'Gone' } },
    async handle(call) {
      await commands.removeWebhook(id(call));
      return noContent;
    },
  });

const test = (commands: Commands, { path, access, id }: Place): AnyRoute =>
  route({
    method: 'post',
    path: `${path}/test`,
    tag,
    summary: 'Sends a `webhook.test` event now and answers what the endpoint said',
    access,
    problems,
    limit: 'global',
    waits: () => true,
    answers: { 200: { about: 'What the endpoint answered', json: webhookTestSchema } },
    async handle(call) {
      if (!commands.getWebhook(id(call))) throw notSet();
      return json(200, await commands.testWebhook(id(call)));
    },
  });

const deliveries = (commands: Commands, { path, access, id }: Place): AnyRoute =>
  route({
    method: 'get',
    path: `${path}/deliveries`,
    tag,
    summary: 'The last attempts, newest first',
    access,
    problems,
    limit: 'queries',
    query: deliveryQuery,
    answers: { 200: { about: 'Attempts', json: deliveryPage } },
    async handle(call) {
      const { status, limit } = call.query;
      const items = await commands.listDeliveries(id(call), status ?? null, limit);
      return json(200, { items: items.map(renderDelivery), next: null });
    },
  });

const replay = (commands: Commands, { path, access, id }: Place): AnyRoute =>
  route({
    method: 'post',
    path: `${path}/replay`,
    tag,
    summary: 'Delivers events of the log again; repeat with `cursor` while `next` is set',
    access,
    problems,
    limit: 'global',
    body: replayInput,
    idempotent: true,
    answers: { 200: { about: 'Deliveries that wait now', json: replayedRange } },
    async handle(call) {
      const { from, to, types = null, cursor = null } = call.body;
      const range = { from: Date.parse(from), to: Date.parse(to), types, cursor };
      const { replayed, next } = await commands.replayEvents(id(call), range);
      return json(200, { replayed, next: next === null ? null : String(next) });
    },
  });

export const webhookRoutes = ({ commands }: FrontOptions): AnyRoute[] =>
  places.flatMap((place) =>
    [read, set, remove, test, deliveries, replay].map((make) => make(commands, place)),
  );
