/** Every route of the front with input that it takes, for tests that go over all of them. */
import type { AnyRoute } from '../../../src/http/route.ts';
import { allRoutes } from './start.ts';

/** A PNG. */
const onePixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** A body that each route with a body takes, by `method path`. */
export const goodBodies: Readonly<Record<string, unknown>> = {
  'post /v1/instances': { id: 'made' },
  'patch /v1/instances/{id}': { metadata: { a: 1 } },
  'post /v1/instances/{id}/move': { shard: 1 },
  'post /v1/instances/{id}/export': { passphrase: 'twelve or more' },
  'post /v1/import': { passphrase: 'twelve or more', base64: 'RUxFTkNPQjE=' },
  'post /v1/instances/{id}/pairing-code': { phone: '+55 11 98888-7777' },
  'post /v1/instances/{id}/messages': { to: '5511988887777', type: 'text', text: 'hello' },
  'patch /v1/instances/{id}/messages/{mid}': { text: 'hello again' },
  'put /v1/instances/{id}/messages/{mid}/reaction': { emoji: '👍' },
  'put /v1/instances/{id}/messages/{mid}/pin': { on: true },
  'put /v1/instances/{id}/messages/{mid}/star': { on: true },
  'post /v1/instances/{id}/messages/{mid}/forward': { to: '5511988887777' },
  'post /v1/instances/{id}/numbers/check': { numbers: ['5511988887777'] },
  'patch /v1/instances/{id}/chats/{chat}': { archived: true },
  'post /v1/instances/{id}/chats/{chat}/read': { messageIds: ['SOME-ID'] },
  'put /v1/instances/{id}/chats/{chat}/presence': { state: 'composing' },
  'patch /v1/instances/{id}/profile': { name: 'Sales' },
  'post /v1/instances/{id}/status': { audience: ['5511988887777'], type: 'text', text: 'tonight' },
  'put /v1/instances/{id}/profile/picture': { media: { base64: onePixel } },
  'patch /v1/instances/{id}/privacy': { lastSeen: 'none' },
  'put /v1/instances/{id}/presence': { state: 'available' },
  'post /v1/instances/{id}/labels': { name: 'Paid' },
  'patch /v1/instances/{id}/labels/{labelId}': { name: 'Paid' },
  'post /v1/instances/{id}/communities': { subject: 'Theatre' },
  'post /v1/instances/{id}/groups': { subject: 'Cast', participants: ['5511988887777'] },
  'patch /v1/instances/{id}/groups/{gid}': { subject: 'Cast' },
  'put /v1/instances/{id}/groups/{gid}/picture': { media: { base64: onePixel } },
  'post /v1/instances/{id}/groups/{gid}/participants': { participants: ['5511988887777'] },
  'delete /v1/instances/{id}/groups/{gid}/participants': { participants: ['5511988887777'] },
  'patch /v1/instances/{id}/groups/{gid}/participants': {
    action: 'promote',
    participants: ['5511988887777'],
  },
  'post /v1/instances/{id}/groups/{gid}/requests': {
    action: 'approve',
    participants: ['5511988887777'],
  },
  'post /v1/instances/{id}/groups/join': { invite: 'AbCdEfGh' },
  'post /v1/instances/{id}/newsletters': { name: 'Premieres' },
  'patch /v1/instances/{id}/newsletters/{nid}': { name: 'Premieres' },
  'put /v1/instances/{id}/newsletters/{nid}/mute': { on: true },
  'put /v1/instances/{id}/webhook': { url: 'https://example.com/hook' },
  'post /monitoring/cache/clear': { caches: ['numbers'] },
  'post /monitoring/heap-snapshot': { thread: 'main' },
  'post /monitoring/cpu-profile': { thread: 'main', seconds: 1 },
  'put /monitoring/log-level': { level: 'info' },
  'post /v1/instances/{id}/webhook/replay': { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' },
  'post /v1/webhook/replay': { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' },
  'put /v1/webhook': { url: 'https://example.com/hook' },
};

const someEventId = '0193c0de-0000-7000-8000-000000000000';

export interface RouteCase {
  readonly name: string;
  readonly route: AnyRoute;
  readonly method: string;
  /** The path for an instance. */
  path(instance: string): string;
  readonly body: unknown;
}

export const routeCases: readonly RouteCase[] = allRoutes().map((route) => {
  const name = `${route.method} ${route.path}`;
  return {
    name,
    route,
    method: route.method.toUpperCase(),
    path: (instance) =>
      route.path.replace('{id}', instance).replace('{mid}', 'SOME-ID').replace('{eventId}', someEventId),
    body: goodBodies[name],
  };
});

export const isStream = ({ route }: RouteCase): boolean => route.path.startsWith('/v1/events');
export const isAboutInstance = ({ route }: RouteCase): boolean => route.path.includes('{id}');
