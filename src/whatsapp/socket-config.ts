/**
 * The configuration of one Baileys socket: everything that the gateway decides instead of Baileys'
 * defaults, with the reason where it is not obvious. Called by `connect.ts` only.
 */
import {
  type AuthenticationState,
  type CacheStore,
  isJidGroup,
  isJidNewsletter,
  isJidStatusBroadcast,
  proto,
  type UserFacingSocketConfig,
} from '@whiskeysockets/baileys';
import type { InstanceSettings } from '../protocol/instance.ts';
import { createBoundedCache, type DeviceCache, type GroupCache } from './caches.ts';
import { keepAliveMs, queryTimeoutMs, retryCountersMax } from './limits.ts';
import { silentLogger } from './logger.ts';
import { proxyAgent } from './proxy.ts';
import type { WaSocketOptions } from './wa-socket.ts';

export interface ConfigParts {
  readonly options: WaSocketOptions;
  readonly auth: AuthenticationState;
  readonly groups: GroupCache;
  readonly devices: DeviceCache;
  readonly placeholders: CacheStore;
  readonly makeSignalRepository: NonNullable<UserFacingSocketConfig['makeSignalRepository']>;
  readonly getMessage: NonNullable<UserFacingSocketConfig['getMessage']>;
}

const { HistorySyncType } = proto.HistorySync;

/**
 * Baileys processes the bootstrap only, for LID mappings and keys (DECISIONS 8): what is to be kept of history
 * `history.ts` reads, in parts. Declining RECENT also spares the 20 s that Baileys would buffer events for after a
 * first login.
 */
function isForBaileys(type: number | null | undefined): boolean {
  return type === HistorySyncType.INITIAL_BOOTSTRAP || type === HistorySyncType.NON_BLOCKING_DATA;
}

/** Chats whose stanzas are acknowledged and dropped. */
export function ignores(settings: InstanceSettings, jid: string): boolean {
  if (settings.ignoreGroups && isJidGroup(jid)) return true;
  if (settings.ignoreStatus && isJidStatusBroadcast(jid)) return true;
  return settings.ignoreNewsletters && isJidNewsletter(jid) === true;
}

export function socketConfig(parts: ConfigParts): UserFacingSocketConfig {
  const { options, auth, groups, devices } = parts;
  const { settings } = options;
  const agent = proxyAgent(options.proxyUrl);
  return {
    auth,
    ...(agent ? { agent, fetchAgent: agent } : {}),
    waWebSocketUrl: options.socketUrl,
    logger: silentLogger,
    browser: ['Elenco', 'Chrome', '1.0.0'],
    // 0: no timer and no Error stack around every frame; `phase-deadline.ts` watches instead.
    connectTimeoutMs: 0,
    defaultQueryTimeoutMs: queryTimeoutMs,
    keepAliveIntervalMs: keepAliveMs,
    markOnlineOnConnect: settings.alwaysOnline,
    syncFullHistory: settings.syncHistory,
    shouldSyncHistoryMessage: ({ syncType }) => isForBaileys(syncType),
    shouldIgnoreJid: (jid) => ignores(settings, jid),
    // Own sends are facts of the shard, not events of the socket.
    emitOwnEvents: false,
    generateHighQualityLinkPreview: false,
    // 67 KB of empty tables a socket; retry receipts are answered from the store instead.
    enableRecentMessageCache: false,
    // A failed commit ends the socket; trying ten times with pauses would hold the account's mutexes.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
    cachedGroupMetadata: groups.get,
    userDevicesCache: devices,
    msgRetryCounterCache: createBoundedCache(retryCountersMax),
    callOfferCache: createBoundedCache(retryCountersMax),
    placeholderResendCache: parts.placeholders,
    makeSignalRepository: parts.makeSignalRepository,
    getMessage: parts.getMessage,
  };
}
