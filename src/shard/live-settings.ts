/**
 * Settings follow the configuration while a socket is open: it reads one object, whose members change here.
 * Called by `instance.ts`.
 */
import type { Action } from '../protocol/actions.ts';
import type { InstanceSettings } from '../protocol/instance.ts';

/** What an open socket must be asked on top: presence is told once, not read. */
export function followSettings(live: InstanceSettings, next: InstanceSettings): Action<'SetPresence'> | null {
  const { alwaysOnline: wasOnline } = live;
  Object.assign(live, next);
  if (next.alwaysOnline === wasOnline) return null;
  return { kind: 'SetPresence', input: { state: next.alwaysOnline ? 'available' : 'unavailable' } };
}
