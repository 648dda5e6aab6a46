/** Settings: defaults, each malformed value gives one clear line, relations, and the page that documents them. */
import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, secretSettings, settings } from '../../src/config.ts';
import { page, updated } from './support/configuration-table.ts';

function messageOf(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error instanceof Error ? error.message : '';
  }
  return 'taken';
}

const malformed: Readonly<Record<keyof typeof settings, readonly string[]>> = {
  HOST: ['a host', '<host>'],
  PORT: ['-1', '65536', '80a', '1.5', '0x50'],
  API_KEY: ['short', 'with space in it', 'ключ-ключ'],
  METRICS_TOKEN: ['short', 'with space in it'],
  DATA_DIR: [],
  DATA_KEY: ['abc', 'g'.repeat(64)],
  DATA_KEY_NEXT: ['0'.repeat(63)],
  SHARDS: ['0', '65', 'all', '-2'],
  SHARD_HEAP_MB: ['63', 'much'],
  MAX_INSTANCES: ['0', '100001'],
  LOG_LEVEL: ['loud', 'INFO'],
  LOG_DIR: [],
  LOG_FILE_MAX_MB: ['0', '10241'],
  LOG_FILE_MAX_HOURS: ['0'],
  LOG_FILES_MAX: ['0'],
  TRUSTED_PROXIES: ['10.0.0.1', '10.0.0.0/33', 'proxy.example.com', '10.0.0.0/8,x'],
  RATE_LIMIT_MESSAGES: ['500', '500/m', '0/1m', '5/0s', '5/1d', '-5/1m', 'none'],
  RATE_LIMIT_INSTANCES: ['100/5'],
  RATE_LIMIT_QUERIES: ['many/1m'],
  RATE_LIMIT_GLOBAL: ['2000 / 15m'],
  MAX_CONNECTIONS: ['0', '1000001'],
  REQUEST_TIMEOUT_MS: ['999', '30s'],
  UPLOAD_TIMEOUT_MS: ['999'],
  KEEP_ALIVE_TIMEOUT_MS: ['-1', '600001'],
  HEADERS_TIMEOUT_MS: ['999'],
  WEBHOOK_CONCURRENCY: ['0', '1001'],
  WEBHOOK_TIMEOUT_MS: ['99'],
  WEBHOOK_MAX_ATTEMPTS: ['0', '101'],
  WEBHOOK_DENY_PRIVATE: ['yes', '1', 'TRUE'],
  OUTBOX_MAX_PER_INSTANCE: ['9', '10000001'],
  OUTBOX_MAX: ['9', '100000001'],
  NUMBER_CACHE_MAX: ['999'],
  NUMBER_CACHE_TTL_MS: ['999', '86400001'],
  QR_CACHE_TTL_MS: ['999', '60001'],
  RECONNECT_DELAY_MS_MIN: ['9'],
  RECONNECT_DELAY_MS_MAX: ['3600001'],
  DURABILITY: ['none', 'Disk'],
  DISK_RESERVE_MB: ['0', '64MB'],
  DRAIN_TIMEOUT_MS: ['99'],
  WA_SOCKET_URL: ['https://web.whatsapp.com', 'web.whatsapp.com', 'ws://'],
  WA_ROOT_KEY: ['abc', `${'0'.repeat(63)}g`, '0'.repeat(66)],
  EVENTS_RETENTION_HOURS: ['0', '721'],
  MESSAGES_RETENTION_DAYS: ['-1', '36501'],
  MESSAGES_MAX_PER_INSTANCE: ['-1', 'all'],
  MEDIA_MAX_BYTES: ['1023', '2147483648'],
  MEDIA_SPOOL_MAX_MB: ['0', '1GB'],
  MEDIA_STORE: ['s3', 'true'],
  MEDIA_RETENTION_DAYS: ['-1', '1.5'],
  MEDIA_STORE_MAX_MB: ['0', '10GB'],
  MEDIA_DENY_PRIVATE: ['no', '0'],
  FFMPEG_PATH: [],
  ALERT_WEBHOOK: ['hooks.example.com/secret', 'ftp://hooks.example.com'],
  ALERT_MEMORY_PERCENT: ['0', '101'],
  ALERT_CPU_PERCENT: ['0', '101'],
  ALERT_CPU_FOR_MS: ['-1', '5m'],
  ALERT_RESPONSE_MS: ['0'],
  ALERT_DISCONNECTED_MAX: ['-1'],
  ALERT_WEBHOOK_PENDING_MAX: ['0'],
  BACKUP_DIR: [],
  BACKUP_PERIOD_HOURS: ['0', '8761'],
  BACKUP_FILES_MAX: ['0'],
  BACKUP_PASSPHRASE: ['short', 'eleven char'],
};

const cases = Object.entries(malformed).flatMap(([name, values]) =>
  values.map((value) => [name, value] as const),
);

describe('settings', () => {
  it('have the defaults of the requirements', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      port: 3_000,
      apiKey: null,
      maxInstances: 150,
      trustedProxies: [],
      maxConnections: 1_000,
      requestTimeoutMs: 30_000,
      keepAliveTimeoutMs: 5_000,
      headersTimeoutMs: 60_000,
      webhookConcurrency: 25,
      reconnectDelayMsMin: 5_000,
      reconnectDelayMsMax: 300_000,
      numberCacheMax: 100_000,
    });
    expect(config.rateLimits).toEqual({
      messages: { points: 500, periodMs: 60_000 },
      instances: { points: 100, periodMs: 300_000 },
      queries: { points: 1_000, periodMs: 60_000 },
      global: { points: 2_000, periodMs: 900_000 },
    });
    expect(config.shards).toBeGreaterThanOrEqual(2);
    expect(isAbsolute(config.dataDir)).toBe(true);
  });

  it('parse what they take', () => {
    const config = loadConfig({
      PORT: ' 0 ',
      SHARDS: '64',
      TRUSTED_PROXIES: '10.0.0.0/8, ::1/128',
      RATE_LIMIT_GLOBAL: 'off',
      RATE_LIMIT_MESSAGES: '7/2h',
      LOG_DIR: '',
      WA_ROOT_KEY: 'AB'.repeat(32),
      WEBHOOK_DENY_PRIVATE: 'true',
    });
    expect(config).toMatchObject({
      port: 0,
      shards: 64,
      trustedProxies: ['10.0.0.0/8', '::1/128'],
      logDir: null,
    });
    expect(config.rateLimits.global).toBeNull();
    expect(config.rateLimits.messages).toEqual({ points: 7, periodMs: 7_200_000 });
    expect(config.waRootKey).toBe('ab'.repeat(32));
    expect(config.webhookDenyPrivate).toBe(true);
  });

  it('every setting has malformed examples here', () => {
    expect(Object.keys(malformed)).toEqual(Object.keys(settings));
  });

  it.each(cases)('%s=%s is refused with one clear line', (name, value) => {
    const line = messageOf({ [name]: value });
    const isSecret = (secretSettings as readonly string[]).includes(name);
    const got = isSecret ? '(a value that is not shown)' : JSON.stringify(value);
    expect(line).toBe(`${name}: got ${got}, takes ${settings[name as keyof typeof settings].takes}`);
    expect(line).not.toContain('\n');
    if (isSecret) expect(line).not.toContain(value);
  });

  it.each([
    [
      { RECONNECT_DELAY_MS_MIN: '6000', RECONNECT_DELAY_MS_MAX: '5000' },
      'RECONNECT_DELAY_MS_MIN: got 6000, takes at most RECONNECT_DELAY_MS_MAX (5000)',
    ],
    [
      { UPLOAD_TIMEOUT_MS: '2000', HEADERS_TIMEOUT_MS: '3000' },
      'UPLOAD_TIMEOUT_MS: got 2000, takes at least HEADERS_TIMEOUT_MS (3000)',
    ],
    [
      { OUTBOX_MAX_PER_INSTANCE: '200', OUTBOX_MAX: '100' },
      'OUTBOX_MAX_PER_INSTANCE: got 200, takes at most OUTBOX_MAX (100)',
    ],
    [
      { BACKUP_DIR: 'backups' },
      'BACKUP_PASSPHRASE: got nothing, takes 12 to 1000 characters where BACKUP_DIR is set',
    ],
  ])('that do not fit together are refused: %j', (env, line) => {
    expect(messageOf(env)).toBe(line);
  });

  it('are all in docs/configuration.md, as they are (else run test/base/support/configuration-table.ts)', () => {
    const text = readFileSync(page, 'utf8');
    expect(updated(text)).toBe(text);
  });
});
