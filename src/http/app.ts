/**
 * The Hono app: every route behind the pipeline, and the answers for paths and methods that nobody serves.
 * front.ts puts it on a port; tests call it without one. No WhatsApp logic here, only wiring.
 */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { AppError } from '../errors.ts';
import { errorFields } from '../log.ts';
import { type Answer, toResponse } from './answer.ts';
import { createIdempotency } from './idempotency.ts';
import { type FrontContext, type PipelineDeps, serve } from './pipeline.ts';
import { problem } from './problem.ts';
import { createRateLimits } from './rate-limits.ts';
import { createRemoteAddress } from './remote-address.ts';
import { type AnyRoute, type FrontOptions, route } from './route.ts';
import { blocklistRoutes } from './routes/blocklist.ts';
import { chatChangeRoutes } from './routes/chat-changes.ts';
import { communityRoutes } from './routes/communities.ts';
import { conversationRoutes } from './routes/conversations.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { docsRoutes } from './routes/docs.ts';
import { eventRoutes } from './routes/events.ts';
import { groupRoutes } from './routes/groups.ts';
import { healthRoutes } from './routes/health.ts';
import { instanceRoutes } from './routes/instances.ts';
import { labelRoutes } from './routes/labels.ts';
import { lifecycleRoutes } from './routes/lifecycle.ts';
import { mediaRoutes } from './routes/media.ts';
import { messageOperationRoutes } from './routes/message-operations.ts';
import { messageRoutes } from './routes/messages.ts';
import { monitoringRoutes } from './routes/monitoring.ts';
import { newsletterRoutes } from './routes/newsletters.ts';
import { pairingRoutes } from './routes/pairing.ts';
import { peopleRoutes } from './routes/people.ts';
import { pictureRoutes } from './routes/pictures.ts';
import { statusRoutes } from './routes/status.ts';
import { transferRoutes } from './routes/transfers.ts';
import { webhookRoutes } from './routes/webhooks.ts';

export interface FrontApp {
  readonly hono: Hono<{ Bindings: HttpBindings }>;
  readonly routes: readonly AnyRoute[];
  /** Ends the event streams, which would otherwise keep a stop waiting. */
  endStreams(): void;
}

const honoPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');
const pathPattern = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);

/** Methods that are served at a path, for `Allow`; empty where the path is unknown. */
function methodFinder(routes: readonly AnyRoute[]): (path: string) => string[] {
  const known = routes.map(({ method, path }) => ({
    method: method.toUpperCase(),
    pattern: pathPattern(path),
  }));
  return (path) => {
    const methods = known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return methods.includes('GET') ? [...methods, 'HEAD'] : methods;
  };
}

/** What answers where no route does; counted like any other request of a stranger or caller. */
const strayRoute = (handle: () => Answer): AnyRoute =>
  route({
    method: 'get',
    path: '*',
    tag: '',
    summary: '',
    access: 'open',
    limit: 'global',
    answers: {},
    handle,
  });

function serveStray(
  c: FrontContext,
  deps: PipelineDeps,
  methodsAt: (path: string) => string[],
): Promise<Response> {
  const { path, method } = c.req;
  const allowed = methodsAt(path);
  const answer = (): Answer => {
    if (allowed.length === 0) throw new AppError('not_found', `nothing is at ${path}`);
    const allow = allowed.join(', ');
    const refusal = problem(
      { code: 'method_not_allowed', detail: `${path} takes ${allow}, not ${method}` },
      path,
    );
    return { ...refusal, headers: { ...refusal.headers, allow } };
  };
  return serve(strayRoute(answer), deps)(c);
}

/** Every route of the front, and the end of its event streams. */
export function routeTable(options: FrontOptions): Pick<FrontApp, 'routes' | 'endStreams'> {
  const events = eventRoutes(options);
  const routes: AnyRoute[] = [
    ...instanceRoutes(options),
    ...lifecycleRoutes(options),
    ...transferRoutes(options),
    ...pairingRoutes(options),
    ...messageRoutes(options),
    ...messageOperationRoutes(options),
    ...mediaRoutes(options),
    ...conversationRoutes(options),
    ...blocklistRoutes(options),
    ...communityRoutes(options),
    ...groupRoutes(options),
    ...chatChangeRoutes(options),
    ...peopleRoutes(options),
    ...pictureRoutes(options),
    ...statusRoutes(options),
    ...labelRoutes(options),
    ...newsletterRoutes(options),
    ...webhookRoutes(options),
    ...deadLetterRoutes(options),
    ...events.routes,
    ...healthRoutes(options),
    ...monitoringRoutes(options),
    ...docsRoutes(options, () => routes),
  ];
  return { routes, endStreams: events.endAll };
}

export function buildApp(options: FrontOptions): FrontApp {
  const deps: PipelineDeps = {
    ...options,
    renderQr: (text, format) => options.renderQr(text, format),
    isDraining: () => options.isDraining(),
    remoteAddress: createRemoteAddress(options.config.trustedProxies),
    rateLimits: createRateLimits(options.config.rateLimits),
    idempotency: createIdempotency(options.store, options.clock, options.log),
  };
  const { routes, endStreams } = routeTable(deps);
  const hono = new Hono<{ Bindings: HttpBindings }>();
  for (const spec of routes) hono.on(spec.method.toUpperCase(), honoPath(spec.path), serve(spec, deps));
  const methodsAt = methodFinder(routes);
  hono.notFound((c) => serveStray(c, deps, methodsAt));
  hono.onError((error, c) => {
    options.log.error({ error: errorFields(error) }, 'a request failed outside the pipeline');
    return toResponse(
      problem({ code: 'internal', detail: 'the request failed inside the gateway' }, c.req.path),
      {},
    );
  });
  return { hono, routes, endStreams };
}
