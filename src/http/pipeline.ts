/**
 * The way of one request, in one function a route instead of a chain of middlewares (facts/runtime.md §5):
 * who calls → limit → may they → input → idempotency → handler → answer. app.ts mounts it for every route.
 * Never lets an error out: every failure becomes a problem document here.
 */
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { AppError, toFailure } from '../errors.ts';
import { uuidv7 } from '../ids.ts';
import { errorFields } from '../log.ts';
import type { Upload } from '../protocol/media.ts';
import { type Answer, toResponse } from './answer.ts';
import { type Caller, callerName, identify, permit, presentedKey } from './auth.ts';
import { type MediaBody, readJson, readMediaBody } from './body.ts';
import { withDeadline } from './deadline.ts';
import { checkKey, fingerprintOf, type Idempotency } from './idempotency.ts';
import { pathMaxChars } from './limits.ts';
import { newMessageId } from './message-id.ts';
import { invalid, problem } from './problem.ts';
import {
  type RateClass,
  type RateLimits,
  type RateVerdict,
  rateHeaders,
  rateLimited,
} from './rate-limits.ts';
import { anonymousKey, type RemoteAddress } from './remote-address.ts';
import { type AnyRoute, type FrontOptions, isAboutInstance, type RouteInput } from './route.ts';
import { check } from './validate.ts';

export type FrontContext = Context<{ Bindings: HttpBindings }>;

export interface PipelineDeps extends FrontOptions {
  readonly remoteAddress: RemoteAddress;
  readonly rateLimits: RateLimits;
  readonly idempotency: Idempotency;
}

/** One request on its way: what the steps hand on. */
interface Visit {
  readonly route: AnyRoute;
  readonly c: FrontContext;
  readonly path: string;
  /** Header fields of the answer that are known before it. */
  readonly headers: Record<string, string>;
  readonly instance: string | undefined;
  hasWaited: boolean;
  requestId?: string;
}

function remoteIp(visit: Visit, deps: PipelineDeps): string {
  const peer = visit.c.env?.incoming?.socket.remoteAddress;
  return deps.remoteAddress.of(peer, visit.c.req.header('x-forwarded-for'));
}

function applyVerdict(visit: Visit, verdict: RateVerdict | undefined, name: RateClass): void {
  if (!verdict) return;
  Object.assign(visit.headers, rateHeaders(verdict));
  if (verdict.isOver) throw rateLimited(verdict, name);
}

/** The caller, counted. Strangers are counted by address before they are refused. */
async function admit(visit: Visit, deps: PipelineDeps): Promise<Caller> {
  const { route, c } = visit;
  const key = presentedKey((name) => c.req.header(name));
  const known = identify(key, deps.commands, deps.config.metricsToken);
  if (route.limit === null) return known ?? { kind: 'anyone' };
  const ip = remoteIp(visit, deps);
  if (known) {
    const perInstance = route.limit === 'messages' || route.limit === 'queries';
    const parts = [ip, callerName(known), perInstance ? (visit.instance ?? '') : ''];
    applyVerdict(visit, await deps.rateLimits.count(route.limit, parts.join('|')), route.limit);
    return known;
  }
  applyVerdict(visit, await deps.rateLimits.countAnonymous(anonymousKey(ip)), 'global');
  if (route.access === 'open') return { kind: 'anyone' };
  const detail = key === undefined ? 'no key was sent' : 'the key is not known';
  throw new AppError('unauthorized', `${detail}: send Authorization: Bearer KEY, X-API-Key or apikey`);
}

/** The checked input; `raw` is the body as it came, for the fingerprint. */
interface Input {
  readonly query: unknown;
  readonly body: unknown;
  readonly raw: unknown;
  readonly upload: Upload | null;
}

async function readBody({ route, c }: Visit, deps: PipelineDeps): Promise<MediaBody> {
  if (!route.body) return { value: undefined, upload: null };
  const { takesMedia } = route;
  if (takesMedia)
    return readMediaBody(c.req.raw, c.env?.incoming, { intake: deps.media, isAlone: takesMedia === 'alone' });
  return { ...(await readJson(c.req.raw)), upload: null };
}

async function readInput(visit: Visit, deps: PipelineDeps): Promise<Input> {
  const { route, c } = visit;
  const query = route.query ? check(route.query, c.req.query(), 'query') : undefined;
  const { value: raw, upload } = await readBody(visit, deps);
  try {
    return { query, body: route.body ? check(route.body, raw, '') : undefined, raw, upload };
  } catch (error) {
    if (upload) await deps.media.release(upload);
    throw error;
  }
}

/** Of a request that brings a file the conversion takes its time (DECISIONS 18). */
function answerLimitMs({ route }: Visit, { upload, body }: Input, { config }: PipelineDeps): number {
  const hasMedia = route.takesMedia && (upload !== null || hasMember(body, 'media'));
  return hasMedia || route.transfers
    ? Math.max(config.uploadTimeoutMs, config.requestTimeoutMs)
    : config.requestTimeoutMs;
}

const hasMember = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && name in value;

function requireInstance(visit: Visit, deps: PipelineDeps): void {
  if (visit.instance === undefined || deps.commands.getInstance(visit.instance)) return;
  throw new AppError('instance_not_found', `there is no instance "${visit.instance}"`);
}

/** Made when something is logged about the request: then everything about it carries the same one. */
function requestIdOf(visit: Visit, deps: PipelineDeps): string {
  visit.requestId ??= uuidv7(deps.clock.now());
  return visit.requestId;
}

function logAnswer(visit: Visit, deps: PipelineDeps, status: number, seconds: number): void {
  if (!deps.log.isLevelEnabled('debug')) return;
  const { path, instance } = visit;
  const requestId = requestIdOf(visit, deps);
  deps.log.debug({ requestId, method: visit.c.req.method, path, instance, status, seconds }, 'answered');
}

function failed(error: unknown, visit: Visit, deps: PipelineDeps): Answer {
  const failure = toFailure(error);
  if (failure.code !== 'internal') return problem(failure, visit.path);
  const requestId = requestIdOf(visit, deps);
  const { path, instance } = visit;
  deps.log.error({ requestId, path, instance, error: errorFields(error) }, 'a request failed');
  const detail = `the request failed inside the gateway; the log has it under request id ${requestId}`;
  return problem({ code: 'internal', detail, extra: { requestId } }, visit.path);
}

async function perform(visit: Visit, deps: PipelineDeps, caller: Caller): Promise<Answer> {
  const { route, c } = visit;
  const input = await readInput(visit, deps);
  const { upload } = input;
  let messageId = '';
  const work = async (id: string): Promise<Answer> => {
    messageId = id;
    try {
      requireInstance(visit, deps);
      const call: RouteInput<unknown, unknown> = {
        caller,
        query: input.query,
        body: input.body,
        messageId: id,
        upload,
        param: (name) => c.req.param(name) ?? '',
        header: (name) => c.req.header(name),
      };
      visit.hasWaited = route.waits?.(call) ?? false;
      return await route.handle(call);
    } catch (error) {
      return failed(error, visit, deps);
    }
  };
  const key = route.idempotent ? c.req.header('idempotency-key') : undefined;
  const answer =
    key === undefined
      ? work(route.sends ? newMessageId() : '')
      : deps.idempotency.run(
          {
            scope: `${callerName(caller)} ${c.req.method} ${visit.path}`,
            key: checkKey(key),
            fingerprint: fingerprintOf(c.req.query(), input.raw, upload?.sha256),
          },
          work,
        );
  const released = upload ? answer.finally(() => deps.media.release(upload)) : answer;
  return withDeadline(deps.clock, answerLimitMs(visit, input, deps), released, () =>
    route.sends ? { messageId } : {},
  );
}

async function answerOf(visit: Visit, deps: PipelineDeps): Promise<Answer> {
  try {
    if (deps.isDraining()) {
      visit.headers.connection = 'close';
      if (!visit.route.duringDrain) throw new AppError('draining', 'the gateway is stopping');
    }
    const caller = await admit(visit, deps);
    permit(caller, visit.route.access, visit.instance);
    if (/\0|%00/.test(visit.path)) throw invalid([{ path: 'path', message: 'takes no zero byte' }]);
    if (visit.path.length > pathMaxChars)
      throw invalid([{ path: 'path', message: `takes at most ${pathMaxChars} characters` }]);
    return await perform(visit, deps, caller);
  } catch (error) {
    return failed(error, visit, deps);
  }
}

/** For HEAD: what nobody will read is ended, else a stream would stay open for good. */
async function withoutBody(answer: Answer): Promise<Answer> {
  if (answer.body instanceof ReadableStream) await answer.body.cancel();
  return { ...answer, body: null };
}

/** The Hono handler of a route. */
export function serve(route: AnyRoute, deps: PipelineDeps): (c: FrontContext) => Promise<Response> {
  const aboutInstance = isAboutInstance(route);
  return async (c) => {
    const startedAt = deps.clock.elapsed();
    const instance = aboutInstance ? c.req.param('id') : undefined;
    const visit: Visit = { route, c, path: c.req.path, headers: {}, instance, hasWaited: false };
    const answer = await answerOf(visit, deps);
    const seconds = (deps.clock.elapsed() - startedAt) / 1_000;
    const { hasWaited } = visit;
    deps.metrics.answered({
      ...{ route: route.path, method: c.req.method, status: answer.status, seconds, hasWaited },
    });
    logAnswer(visit, deps, answer.status, seconds);
    return toResponse(c.req.method === 'HEAD' ? await withoutBody(answer) : answer, visit.headers);
  };
}
