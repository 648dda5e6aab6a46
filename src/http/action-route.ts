/**
 * A route that performs one action of an instance: input from the call, the reply as JSON. What most routes
 * under `/v1/instances/{id}` are; the files under routes/ list them with this.
 */
import type { ActionInput, ActionKind, ActionReply } from '../protocol/actions.ts';
import type { Commands } from '../protocol/commands.ts';
import { type Answer, json, noContent } from './answer.ts';
import { type AnswerSpec, type AnyRoute, type Route, type RouteInput, route } from './route.ts';

export interface ActionRoute<K extends ActionKind, Q, B>
  extends Pick<
    Route<Q, B>,
    'method' | 'path' | 'tag' | 'summary' | 'query' | 'body' | 'takesMedia' | 'examples'
  > {
  /** Below `/v1/instances/{id}/`, for example `groups/{gid}`. */
  readonly path: string;
  readonly kind: K;
  /** 200 where absent; 204 has no body. */
  readonly status?: 200 | 201 | 204;
  readonly answer: AnswerSpec;
  input(call: RouteInput<Q, B>): ActionInput<K> | Promise<ActionInput<K>>;
  /** What is answered as JSON; the reply as it is where absent. */
  render?(reply: ActionReply<K>): unknown;
}

const reads = 'get';

/** Reads count as queries, changes as global ones that take an Idempotency-Key. */
export function actionRoute<K extends ActionKind, Q = unknown, B = unknown>(
  commands: Commands,
  spec: ActionRoute<K, Q, B>,
): AnyRoute {
  const { kind, status = 200, answer, input, render, path, ...rest } = spec;
  const answered = (reply: ActionReply<K>): Answer =>
    status === 204 ? noContent : json(status, render ? render(reply) : reply);
  return route<Q, B>({
    ...rest,
    path: `/v1/instances/{id}/${path}`,
    access: 'key',
    limit: spec.method === reads ? 'queries' : 'global',
    ...(spec.method === reads ? {} : { idempotent: true }),
    asksWhatsapp: true,
    answers: { [status]: answer },
    handle: async (call) =>
      answered(await commands.perform(call.param('id'), { kind, input: await input(call) })),
  });
}
