/**
 * What one socket does beside messages: makes what the handlers of actions and the listeners of events work with,
 * and keeps what they remember together. Made by `connection.ts`, which has the socket's life and its messages.
 */
import type { WASocket } from '@whiskeysockets/baileys';
import { detach } from '../detach.ts';
import type { Action, ActionKind, ActionReply } from '../protocol/actions.ts';
import type { Me } from '../protocol/instance.ts';
import type { ActionContext } from './action-context.ts';
import { performAction } from './actions.ts';
import { notOnWhatsapp, resolvedParty } from './addresses.ts';
import { BoundedMap } from './bounded-map.ts';
import type { GroupCache } from './caches.ts';
import { subscribeCapabilities } from './capability-events.ts';
import type { FactQueue } from './fact-queue.ts';
import { GroupNotices } from './group-events.ts';
import type { LidMapping } from './lid-mapping.ts';
import { freshPathsMax } from './limits.ts';
import { RingingCalls } from './ringing-calls.ts';
import { ignores } from './socket-config.ts';
import type { ResolveAll, WaSocketOptions } from './wa-socket.ts';

export interface CapabilitiesOptions {
  readonly options: WaSocketOptions;
  readonly sock: WASocket;
  readonly lids: LidMapping;
  readonly groups: GroupCache;
  readonly facts: FactQueue;
  me(): Me;
  /** Runs store work of this socket; rejects once it ended. */
  guard<T>(work: () => Promise<T>): Promise<T>;
  report(error: unknown, what: string): void;
}

export class Capabilities {
  private readonly parts: CapabilitiesOptions;
  private readonly calls = new RingingCalls();
  private readonly freshPaths = new BoundedMap<string>(freshPathsMax);

  constructor(parts: CapabilitiesOptions) {
    this.parts = parts;
  }

  perform<K extends ActionKind>(action: Action<K>, resolveAll: ResolveAll): Promise<ActionReply<K>> {
    return performAction(action, this.context(resolveAll));
  }

  listen(): void {
    this.groupNotices().install();
    const { sock, facts, lids, options, me, guard, report } = this.parts;
    const { instance, clock, store, settings } = options;
    subscribeCapabilities({
      ...{ instance, sock, facts, clock, store, settings, me, options, guard },
      calls: this.calls,
      inbound: { instance, lids, me },
      failed: (error) => report(error, 'history failed'),
      party: this.party,
      attempt: (work) => detach(guard(work), (error) => report(error, 'what a setting asks for failed')),
    });
  }

  private context(resolveAll: ResolveAll): ActionContext {
    const { sock, lids, groups, facts, options, me } = this.parts;
    const { instance, store, clock, settings, dataDir, proxyUrl, kept } = options;
    const { calls, freshPaths, party } = this;
    const resolve: ActionContext['resolve'] = async (address) => {
      const [jid] = await resolveAll([address]);
      if (!jid) throw notOnWhatsapp(address);
      return jid;
    };
    return {
      ...{ instance, settings, dataDir, proxyUrl, kept },
      ...{ sock, lids, groups, calls, freshPaths, store, clock, me, party, resolve, resolveAll },
      raise: (events) => facts.raise(() => events),
      record: (events) => options.recordEvents(events, []),
    };
  }

  private groupNotices(): GroupNotices {
    const { sock, options, guard, report } = this.parts;
    return new GroupNotices({
      ws: sock.ws,
      clock: options.clock,
      party: this.party,
      ignores: (jid) => ignores(options.settings, jid),
      guard,
      record: (chat, id, events) => options.recordNotice(chat, id, events),
      failed: (error) => report(error, 'a notification was not recorded'),
    });
  }

  private readonly party: ActionContext['party'] = (jid, other) => resolvedParty(this.parts.lids, jid, other);
}
