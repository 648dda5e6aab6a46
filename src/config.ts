/**
 * Settings: the only file that reads the environment. Each has its name, shape, default and one sentence;
 * the configuration reference is made from this schema. A wrong value stops the start with one line that
 * says which setting, what it got and what it takes. Workers get the parsed settings as data.
 */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { LogLevel } from './log.ts';
import {
  boolean,
  cidrs,
  int,
  oneOf,
  optional,
  type RateLimit,
  rateLimit,
  type Setting,
  text,
} from './setting.ts';

/** WhatsApp Web's own endpoint and certificate root, as Baileys 7.0.0-rc14 has them. */
export const whatsappSocketUrl = 'wss://web.whatsapp.com/ws/chat';
export const whatsappRootKey = '142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b';

export interface Config {
  readonly host: string;
  readonly port: number;
  /** null: made at first start and stored as a hash. */
  readonly apiKey: string | null;
  readonly metricsToken: string | null;
  readonly dataDir: string;
  /** What stored values are encrypted with, and what `elenco rekey` encrypts them with; null: plain. */
  readonly dataKey: string | null;
  readonly dataKeyNext: string | null;
  readonly shards: number;
  readonly shardHeapMb: number;
  readonly maxInstances: number;
  readonly logLevel: LogLevel;
  readonly logDir: string | null;
  readonly logFileMaxMb: number;
  readonly logFileMaxHours: number;
  readonly logFilesMax: number;
  readonly trustedProxies: readonly string[];
  readonly rateLimits: {
    readonly messages: RateLimit | null;
    readonly instances: RateLimit | null;
    readonly queries: RateLimit | null;
    readonly global: RateLimit | null;
  };
  readonly maxConnections: number;
  readonly requestTimeoutMs: number;
  readonly uploadTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly webhookConcurrency: number;
  readonly webhookTimeoutMs: number;
  readonly webhookMaxAttempts: number;
  readonly webhookDenyPrivate: boolean;
  readonly outboxMaxPerInstance: number;
  readonly outboxMax: number;
  readonly numberCacheMax: number;
  readonly numberCacheTtlMs: number;
  readonly qrCacheTtlMs: number;
  readonly reconnectDelayMsMin: number;
  readonly reconnectDelayMsMax: number;
  readonly durability: 'process' | 'disk';
  readonly diskReserveMb: number;
  readonly drainTimeoutMs: number;
  readonly waSocketUrl: string;
  readonly waRootKey: string;
  /** How long events are kept that nobody waits for. */
  readonly eventsRetentionMs: number;
  /** How long stored messages are kept and how many of an instance; null: all. */
  readonly messages: { readonly ageMs: number | null; readonly countMax: number | null };
  readonly mediaMaxBytes: number;
  readonly mediaSpoolMaxMb: number;
  readonly mediaDenyPrivate: boolean;
  /** How long files of messages that came in are kept, and how much of them; null: left to WhatsApp. */
  readonly mediaStore: { readonly ageMs: number | null; readonly maxBytes: number } | null;
  readonly ffmpegPath: string;
  /** What Node itself was told; not settings of ours. */
  readonly runtime: { readonly environment: string; readonly threadPoolSize: number };
  readonly alerts: {
    /** Where changes of alerts are posted; null: logged only. */
    readonly webhook: string | null;
    readonly memoryPercent: number;
    readonly cpuPercent: number;
    readonly cpuForMs: number;
    readonly responseMs: number;
    readonly disconnectedMax: number;
    readonly webhookPendingMax: number;
  };
  readonly backup: {
    /** null: no scheduled backups. */
    readonly dir: string | null;
    readonly periodHours: number;
    readonly filesMax: number;
    readonly passphrase: string | null;
  };
  /** What was set, by name: a backup takes it along. Not the passphrase that it is encrypted with. */
  readonly given: Readonly<Record<string, string>>;
}

const nodeThreadPoolSize = 4;

/** A setting that cannot be used; its message is the one line that the operator sees. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const shards: Setting<number> = {
  takes: 'auto (cores - 1, at least 2) or a whole number from 1 to 64',
  fallback: 'auto',
  about: 'Worker threads that own instances.',
  parse: (value) =>
    value === 'auto' ? Math.min(64, Math.max(2, availableParallelism() - 1)) : int(1, 64, 2, '').parse(value),
};

const socketUrl: Setting<string> = {
  takes: 'a ws:// or wss:// URL',
  fallback: whatsappSocketUrl,
  about: 'The WhatsApp wire server.',
  parse: (value) => (URL.canParse(value) && /^wss?:$/.test(new URL(value).protocol) ? value : undefined),
};

const httpUrl: Setting<string> = {
  takes: 'an http:// or https:// URL',
  fallback: '',
  about: 'Where alerts are posted as they fire and clear.',
  parse: (value) => (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) ? value : undefined),
};

const apiKey = text(/^[\x21-\x7e]{6,200}$/, '6 to 200 visible ASCII characters', '', 'The admin key.');
const dataKey = (about: string): Setting<string | null> =>
  optional(text(/^[0-9a-fA-F]{64}$/, '64 hex digits', '', about));
const hour = 3_600_000;

/** Every setting by its environment name. */
export const settings = {
  HOST: text(/^[0-9a-zA-Z.:-]+$/, 'an address to listen on', '0.0.0.0', 'Address to listen on.'),
  PORT: int(0, 65_535, 3_000, 'Port of the REST API; 0 takes a free one.'),
  API_KEY: optional(apiKey),
  METRICS_TOKEN: optional({ ...apiKey, about: 'A key that may only read /metrics.' }),
  DATA_DIR: text(/^.+$/, 'a folder', './data', 'Where the embedded store lives.'),
  DATA_KEY: dataKey('What stored values are encrypted with; empty: they are not.'),
  DATA_KEY_NEXT: dataKey('What `elenco rekey` encrypts them with.'),
  SHARDS: shards,
  SHARD_HEAP_MB: int(64, 65_536, 2_048, 'Heap limit of one shard thread.'),
  MAX_INSTANCES: int(1, 100_000, 150, 'Instances that may exist.'),
  LOG_LEVEL: oneOf(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
    'Least level logged.',
  ),
  LOG_DIR: optional(text(/^.+$/, 'a folder', '', 'Where rotated log files go; empty: stdout.')),
  LOG_FILE_MAX_MB: int(1, 10_240, 100, 'A log file of this size is closed and a new one begun.'),
  LOG_FILE_MAX_HOURS: int(1, 8_760, 24, 'So is one of this age.'),
  LOG_FILES_MAX: int(1, 1_000, 14, 'Closed log files that are kept.'),
  TRUSTED_PROXIES: cidrs,
  RATE_LIMIT_MESSAGES: rateLimit('500/1m', 'Sends, per IP, key and instance.'),
  RATE_LIMIT_INSTANCES: rateLimit('100/5m', 'Instance operations, per IP and key.'),
  RATE_LIMIT_QUERIES: rateLimit('1000/1m', 'Reads, per IP, key and instance.'),
  RATE_LIMIT_GLOBAL: rateLimit('2000/15m', 'Everything else, per IP and key.'),
  MAX_CONNECTIONS: int(1, 1_000_000, 1_000, 'Open HTTP connections.'),
  REQUEST_TIMEOUT_MS: int(1_000, 600_000, 30_000, 'From the end of the body to the answer.'),
  UPLOAD_TIMEOUT_MS: int(1_000, 3_600_000, 300_000, 'For a whole request to arrive.'),
  KEEP_ALIVE_TIMEOUT_MS: int(0, 600_000, 5_000, 'An idle connection is kept this long.'),
  HEADERS_TIMEOUT_MS: int(1_000, 600_000, 60_000, 'For the headers to arrive.'),
  WEBHOOK_CONCURRENCY: int(1, 1_000, 25, 'Deliveries in flight in all.'),
  WEBHOOK_TIMEOUT_MS: int(100, 120_000, 10_000, 'For an endpoint to answer.'),
  WEBHOOK_MAX_ATTEMPTS: int(1, 100, 12, 'Attempts before an event becomes a dead letter.'),
  WEBHOOK_DENY_PRIVATE: boolean(false, 'Refuse private and link-local endpoints (multi-tenant operators).'),
  OUTBOX_MAX_PER_INSTANCE: int(10, 10_000_000, 100_000, 'Undelivered events that disconnect an instance.'),
  OUTBOX_MAX: int(10, 100_000_000, 1_000_000, 'Undelivered events of all that disconnect the largest.'),
  NUMBER_CACHE_MAX: int(1_000, 10_000_000, 100_000, 'Entries of the number cache in all.'),
  NUMBER_CACHE_TTL_MS: int(1_000, 24 * hour, 4 * hour, 'How long a number check holds.'),
  QR_CACHE_TTL_MS: int(1_000, 60_000, 30_000, 'How long a rendered QR is kept.'),
  RECONNECT_DELAY_MS_MIN: int(10, 600_000, 5_000, 'First reconnect delay.'),
  RECONNECT_DELAY_MS_MAX: int(10, hour, 300_000, 'Largest reconnect delay.'),
  DURABILITY: oneOf(['process', 'disk'], 'process', 'What an acknowledged write survives.'),
  DISK_RESERVE_MB: int(1, 1_000_000, 64, 'Writes are refused while the disk has less room than this.'),
  DRAIN_TIMEOUT_MS: int(100, 600_000, 15_000, 'How long a stop may take before it is forced.'),
  WA_SOCKET_URL: socketUrl,
  WA_ROOT_KEY: text(/^[0-9a-fA-F]{64}$/, '64 hex digits', whatsappRootKey, 'Its certificate root key.'),
  EVENTS_RETENTION_HOURS: int(1, 720, 24, 'How long the event log is kept, for resumes and replays.'),
  MESSAGES_RETENTION_DAYS: int(0, 36_500, 90, 'How long stored messages are kept; 0: for good.'),
  MESSAGES_MAX_PER_INSTANCE: int(
    0,
    100_000_000,
    100_000,
    'Stored messages of one instance, the newest stay; 0: no limit.',
  ),
  MEDIA_MAX_BYTES: int(1_024, 2_147_483_647, 104_857_600, 'Largest media.'),
  MEDIA_SPOOL_MAX_MB: int(1, 10_000_000, 4_096, 'What files of requests under way may take in all.'),
  MEDIA_STORE: oneOf(
    ['whatsapp', 'local'],
    'whatsapp',
    'Where files of messages that come in lie: as long as WhatsApp has them, or in DATA_DIR too.',
  ),
  MEDIA_RETENTION_DAYS: int(0, 36_500, 30, 'With MEDIA_STORE=local: how long they are kept; 0: for good.'),
  MEDIA_STORE_MAX_MB: int(1, 100_000_000, 10_240, 'And how much in all; the oldest go first.'),
  MEDIA_DENY_PRIVATE: boolean(true, 'Refuse media URLs on private and link-local addresses.'),
  FFMPEG_PATH: text(/^.+$/, 'a program', 'ffmpeg', 'Converts audio and video; looked for in PATH.'),
  ALERT_WEBHOOK: optional(httpUrl),
  ALERT_MEMORY_PERCENT: int(1, 100, 85, 'Memory in use of what is allotted, above which an alert fires.'),
  ALERT_CPU_PERCENT: int(1, 100, 90, 'CPU in use of all cores, above which an alert fires.'),
  ALERT_CPU_FOR_MS: int(0, hour, 300_000, 'How long the CPU must be above it.'),
  ALERT_RESPONSE_MS: int(1, 600_000, 5_000, '95th percentile of the response time that fires an alert.'),
  ALERT_DISCONNECTED_MAX: int(0, 100_000, 10, 'Disconnected instances, above which an alert fires.'),
  ALERT_WEBHOOK_PENDING_MAX: int(1, 10_000_000, 1_000, 'Undelivered events, above which an alert fires.'),
  BACKUP_DIR: optional(text(/^.+$/, 'a folder', '', 'Where scheduled backups go; empty: none are made.')),
  BACKUP_PERIOD_HOURS: int(1, 8_760, 24, 'Time between scheduled backups.'),
  BACKUP_FILES_MAX: int(1, 10_000, 7, 'Scheduled backups that are kept.'),
  BACKUP_PASSPHRASE: optional(
    text(/^.{12,1000}$/, '12 to 1000 characters', '', 'What backups are encrypted with.'),
  ),
} as const;

type SettingName = keyof typeof settings;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
export const secretSettings: readonly SettingName[] = [
  'API_KEY',
  'METRICS_TOKEN',
  'ALERT_WEBHOOK',
  'BACKUP_PASSPHRASE',
  'DATA_KEY',
  'DATA_KEY_NEXT',
];

function read<N extends SettingName>(env: NodeJS.ProcessEnv, name: N): ValueOf<(typeof settings)[N]> {
  const setting = settings[name] as Setting<unknown>;
  const given = env[name]?.trim();
  const value = setting.parse(given === undefined || given === '' ? setting.fallback : given);
  if (value === undefined) {
    const shown = secretSettings.includes(name) ? '(a value that is not shown)' : JSON.stringify(given);
    throw new ConfigError(`${name}: got ${shown}, takes ${setting.takes}`);
  }
  return value as ValueOf<(typeof settings)[N]>;
}

function checkRelations(config: Config): Config {
  if (config.reconnectDelayMsMin > config.reconnectDelayMsMax)
    throw new ConfigError(
      `RECONNECT_DELAY_MS_MIN: got ${config.reconnectDelayMsMin}, takes at most RECONNECT_DELAY_MS_MAX (${config.reconnectDelayMsMax})`,
    );
  if (config.uploadTimeoutMs < config.headersTimeoutMs)
    throw new ConfigError(
      `UPLOAD_TIMEOUT_MS: got ${config.uploadTimeoutMs}, takes at least HEADERS_TIMEOUT_MS (${config.headersTimeoutMs})`,
    );
  if (config.outboxMaxPerInstance > config.outboxMax)
    throw new ConfigError(
      `OUTBOX_MAX_PER_INSTANCE: got ${config.outboxMaxPerInstance}, takes at most OUTBOX_MAX (${config.outboxMax})`,
    );
  if (config.backup.dir !== null && config.backup.passphrase === null)
    throw new ConfigError(
      'BACKUP_PASSPHRASE: got nothing, takes 12 to 1000 characters where BACKUP_DIR is set',
    );
  return config;
}

const messageRetention = (env: NodeJS.ProcessEnv): Config['messages'] => ({
  ageMs: read(env, 'MESSAGES_RETENTION_DAYS') * 24 * hour || null,
  countMax: read(env, 'MESSAGES_MAX_PER_INSTANCE') || null,
});

type Get = <N extends SettingName>(name: N) => ValueOf<(typeof settings)[N]>;

function mediaStore(get: Get): Config['mediaStore'] {
  const ageMs = get('MEDIA_RETENTION_DAYS') * 24 * hour || null;
  const maxBytes = get('MEDIA_STORE_MAX_MB') * 1_048_576;
  return get('MEDIA_STORE') === 'local' ? { ageMs, maxBytes } : null;
}

const mediaSettings = (get: Get) => ({
  mediaMaxBytes: get('MEDIA_MAX_BYTES'),
  mediaSpoolMaxMb: get('MEDIA_SPOOL_MAX_MB'),
  mediaDenyPrivate: get('MEDIA_DENY_PRIVATE'),
  mediaStore: mediaStore(get),
  ffmpegPath: get('FFMPEG_PATH'),
});

const backupSettings = (get: Get): Config['backup'] => ({
  dir: get('BACKUP_DIR'),
  periodHours: get('BACKUP_PERIOD_HOURS'),
  filesMax: get('BACKUP_FILES_MAX'),
  passphrase: get('BACKUP_PASSPHRASE'),
});

/** Read by Node and by pm2.config.cjs, from the same file. */
const besideSettings = [
  ...['NODE_ENV', 'UV_THREADPOOL_SIZE'],
  ...['PM2_HEAP_MB', 'PM2_OPTIMIZE_FOR_SIZE', 'PM2_MEMORY_MAX', 'PM2_LOG_DIR'],
];
const neverKept = ['BACKUP_PASSPHRASE', 'DATA_KEY_NEXT'];

function given(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = [...besideSettings, ...Object.keys(settings)].filter((name) => !neverKept.includes(name));
  const set = names.map((name) => [name, env[name]?.trim() ?? ''] as const);
  return Object.fromEntries(set.filter(([, value]) => value !== ''));
}

/** Parses the settings; throws `ConfigError` with one line on the first wrong one. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const get: Get = (name) => read(env, name);
  return checkRelations({
    host: get('HOST'),
    port: get('PORT'),
    apiKey: get('API_KEY'),
    metricsToken: get('METRICS_TOKEN'),
    dataDir: resolve(get('DATA_DIR')),
    dataKey: get('DATA_KEY'),
    dataKeyNext: get('DATA_KEY_NEXT'),
    shards: get('SHARDS'),
    shardHeapMb: get('SHARD_HEAP_MB'),
    maxInstances: get('MAX_INSTANCES'),
    logLevel: get('LOG_LEVEL'),
    logDir: get('LOG_DIR'),
    logFileMaxMb: get('LOG_FILE_MAX_MB'),
    logFileMaxHours: get('LOG_FILE_MAX_HOURS'),
    logFilesMax: get('LOG_FILES_MAX'),
    trustedProxies: get('TRUSTED_PROXIES'),
    rateLimits: {
      messages: get('RATE_LIMIT_MESSAGES'),
      instances: get('RATE_LIMIT_INSTANCES'),
      queries: get('RATE_LIMIT_QUERIES'),
      global: get('RATE_LIMIT_GLOBAL'),
    },
    maxConnections: get('MAX_CONNECTIONS'),
    requestTimeoutMs: get('REQUEST_TIMEOUT_MS'),
    uploadTimeoutMs: get('UPLOAD_TIMEOUT_MS'),
    keepAliveTimeoutMs: get('KEEP_ALIVE_TIMEOUT_MS'),
    headersTimeoutMs: get('HEADERS_TIMEOUT_MS'),
    webhookConcurrency: get('WEBHOOK_CONCURRENCY'),
    webhookTimeoutMs: get('WEBHOOK_TIMEOUT_MS'),
    webhookMaxAttempts: get('WEBHOOK_MAX_ATTEMPTS'),
    webhookDenyPrivate: get('WEBHOOK_DENY_PRIVATE'),
    outboxMaxPerInstance: get('OUTBOX_MAX_PER_INSTANCE'),
    outboxMax: get('OUTBOX_MAX'),
    numberCacheMax: get('NUMBER_CACHE_MAX'),
    numberCacheTtlMs: get('NUMBER_CACHE_TTL_MS'),
    qrCacheTtlMs: get('QR_CACHE_TTL_MS'),
    reconnectDelayMsMin: get('RECONNECT_DELAY_MS_MIN'),
    reconnectDelayMsMax: get('RECONNECT_DELAY_MS_MAX'),
    durability: get('DURABILITY'),
    diskReserveMb: get('DISK_RESERVE_MB'),
    drainTimeoutMs: get('DRAIN_TIMEOUT_MS'),
    waSocketUrl: get('WA_SOCKET_URL'),
    waRootKey: get('WA_ROOT_KEY').toLowerCase(),
    eventsRetentionMs: get('EVENTS_RETENTION_HOURS') * hour,
    messages: messageRetention(env),
    ...mediaSettings(get),
    runtime: {
      environment: env['NODE_ENV'] ?? '',
      threadPoolSize: Number(env['UV_THREADPOOL_SIZE'] ?? nodeThreadPoolSize),
    },
    alerts: {
      webhook: get('ALERT_WEBHOOK'),
      memoryPercent: get('ALERT_MEMORY_PERCENT'),
      cpuPercent: get('ALERT_CPU_PERCENT'),
      cpuForMs: get('ALERT_CPU_FOR_MS'),
      responseMs: get('ALERT_RESPONSE_MS'),
      disconnectedMax: get('ALERT_DISCONNECTED_MAX'),
      webhookPendingMax: get('ALERT_WEBHOOK_PENDING_MAX'),
    },
    backup: backupSettings(get),
    given: given(env),
  });
}

/** Where a server that listens on `host` is reached; on this machine where it listens on every address. */
export function urlOf(host: string, port: number | string): string {
  const name = ['', '0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/** Where the `elenco` command finds the gateway and its key: ELENCO_URL and ELENCO_KEY, else as on this machine. */
export function loadAccess(env: NodeJS.ProcessEnv = process.env): { url: string; key: string | null } {
  const here = urlOf(env['HOST'] ?? '', env['PORT'] || settings.PORT.fallback);
  return { url: env['ELENCO_URL'] || here, key: env['ELENCO_KEY'] || env['API_KEY'] || null };
}
