/** Events that webhooks did not get. An instance token sees those of its own webhook. */
import type { Commands, LetterScope } from '../../protocol/commands.ts';
import { json, noContent } from '../answer.ts';
import type { Caller } from '../auth.ts';
import { renderDeadLetter } from '../render.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';
import {
  deadLetterPage,
  deadLetterQuery,
  deadLetterScope,
  eventIdParam,
  purgedMany,
  replayedMany,
  replayedOne,
} from '../schemas/dead-letter.ts';
import { check } from '../validate.ts';
import { visibleInstance } from './found.ts';

const tag = 'webhooks';
const problems = ['instance_not_found', 'not_found', 'webhook_not_set'] as const;
const all = '/v1/dead-letters';
const one = `${all}/{eventId}`;

const scopeOf = (commands: Commands, instance: string | undefined, caller: Caller): LetterScope => ({
  instance: visibleInstance(commands, instance, caller),
  own: caller.kind === 'instance',
});

const list = (commands: Commands): AnyRoute =>
  route({
    method: 'get',
    path: all,
    tag,
    summary: 'Events that were given up, with the last answer',
    access: 'key',
    problems,
    limit: 'queries',
    query: deadLetterQuery,
    answers: { 200: { about: 'A page of dead letters', json: deadLetterPage } },
    async handle({ query: { instance, limit, cursor }, caller }) {
      const scope = scopeOf(commands, instance, caller);
      const page = await commands.listDeadLetters({ ...scope, limit, cursor: cursor ?? null });
      return json(200, { items: page.items.map(renderDeadLetter), next: page.next });
    },
  });

const replayOne = (commands: Commands): AnyRoute =>
  route({
    method: 'post',
    path: `${one}/replay`,
    tag,
    summary: 'Delivers the event again, to every webhook that did not get it',
    access: 'key',
    problems,
    limit: 'global',
    idempotent: true,
    answers: { 200: { about: 'Deliveries that wait now', json: replayedOne } },
    async handle({ param, caller }) {
      const id = check(eventIdParam, { eventId: param('eventId') }, '').eventId;
      return json(200, {
        replayed: await commands.replayDeadLetter(id, scopeOf(commands, undefined, caller)),
      });
    },
  });

const replayAll = (commands: Commands): AnyRoute =>
  route({
    method: 'post',
    path: `${all}/replay`,
    tag,
    summary: 'Delivers dead letters again: all, or those of an instance; repeat while `hasMore`',
    access: 'key',
    problems,
    limit: 'global',
    query: deadLetterScope,
    idempotent: true,
    answers: { 200: { about: 'Deliveries that wait now', json: replayedMany } },
    async handle({ query, caller }) {
      const { count, hasMore } = await commands.replayDeadLetters(scopeOf(commands, query.instance, caller));
      return json(200, { replayed: count, hasMore });
    },
  });

const purgeOne = (commands: Commands): AnyRoute =>
  route({
    method: 'delete',
    path: one,
    tag,
    summary: 'Forgets a dead letter',
    access: 'key',
    problems,
    limit: 'global',
    idempotent: true,
    answers: { 204: { about: 'Gone' } },
    async handle({ param, caller }) {
      const id = check(eventIdParam, { eventId: param('eventId') }, '').eventId;
      await commands.purgeDeadLetter(id, scopeOf(commands, undefined, caller));
      return noContent;
    },
  });

const purgeAll = (commands: Commands): AnyRoute =>
  route({
    method: 'delete',
    path: all,
    tag,
    summary: 'Forgets dead letters: all, or those of an instance; repeat while `hasMore`',
    access: 'key',
    problems,
    limit: 'global',
    query: deadLetterScope,
    idempotent: true,
    answers: { 200: { about: 'How many went', json: purgedMany } },
    async handle({ query, caller }) {
      const { count, hasMore } = await commands.purgeDeadLetters(scopeOf(commands, query.instance, caller));
      return json(200, { removed: count, hasMore });
    },
  });

export const deadLetterRoutes = ({ commands }: FrontOptions): AnyRoute[] =>
  [list, replayOne, replayAll, purgeOne, purgeAll].map((make) => make(commands));
