/** Starts the real front on a free port of the loopback over fakes, and speaks to it over real sockets. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/clock.ts';
import { type Config, loadConfig } from '../../../src/config.ts';
import { buildApp } from '../../../src/http/app.ts';
import { type Front, type FrontOptions, startFront } from '../../../src/http/front.ts';
import { createLog } from '../../../src/log.ts';
import { Intake } from '../../../src/media/intake.ts';
import { openedFile } from '../../../src/media/opened.ts';
import { profilePictureOf } from '../../../src/media/picture.ts';
import { type BodyOrder, readBody } from '../../../src/media/read-body.ts';
import { requestsDir } from '../../../src/media/spool.ts';
import { createHttpMetrics } from '../../../src/monitoring/http-metrics.ts';
import { createMetricRegistry } from '../../../src/monitoring/metrics.ts';
import type { OpenedMedia } from '../../../src/protocol/media.ts';
import { adminKey, FakeCommands } from './fake-commands.ts';
import { FakeEvents } from './fake-events.ts';
import { FakeOperations } from './fake-operations.ts';
import { FakeStore } from './fake-store.ts';

/** JSON of any shape, to look into; its leaves go to `expect`. */
export interface Loose {
  readonly [name: string]: Loose | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; an empty object when it is no JSON. */
  readonly body: Loose;
}

export interface AskOptions {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly raw?: string;
  readonly headers?: Record<string, string>;
}

export interface TestFront {
  readonly front: Front;
  readonly commands: FakeCommands;
  readonly operations: FakeOperations;
  readonly store: FakeStore;
  readonly events: FakeEvents;
  readonly options: FrontOptions;
  readonly state: { isDraining: boolean };
  ask(method: string, path: string, options?: AskOptions): Promise<Reply>;
  [Symbol.asyncDispose](): Promise<void>;
}

export const testConfig = (env: Record<string, string> = {}, more: Partial<Config> = {}): Config => ({
  ...loadConfig({ HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'silent', SHARDS: '2', ...env }),
  ...more,
});

export interface Fakes {
  readonly commands: FakeCommands;
  readonly operations: FakeOperations;
  readonly store: FakeStore;
  readonly events: FakeEvents;
  readonly state: { isDraining: boolean };
  readonly options: FrontOptions;
}

/** What a shard fetched is decrypted elsewhere: here it is a file of three bytes. */
class FakeIntake extends Intake {
  override async openFetched(): Promise<OpenedMedia> {
    const path = join(mkdtempSync(join(tmpdir(), 'elenco-http-')), 'fetched');
    writeFileSync(path, 'png');
    return openedFile(path, 3, async () => rmSync(path, { force: true }));
  }
}

/** The real one, in a folder of its own; what its pool would read is read in this thread. */
function fakeIntake(config: Config): Intake {
  const dataDir = mkdtempSync(join(tmpdir(), 'elenco-http-'));
  mkdirSync(requestsDir(dataDir));
  const run = (name: string, order: unknown): Promise<never> => {
    if (name === 'profilePicture')
      return profilePictureOf((order as { path: string }).path) as Promise<never>;
    if (name !== 'readBody') return Promise.reject(new Error(`no ${name} here`));
    return readBody(order as BodyOrder) as Promise<never>;
  };
  return new FakeIntake({
    dataDir,
    maxBytes: config.mediaMaxBytes,
    spoolMaxBytes: config.mediaSpoolMaxMb * 1_048_576,
    isPrivateDenied: false,
    ffmpeg: config.ffmpegPath,
    pool: { run },
  });
}

export function fakes(config: Config = testConfig(), more: Partial<FrontOptions> = {}): Fakes {
  const commands = new FakeCommands();
  const operations = new FakeOperations();
  const store = new FakeStore();
  const events = new FakeEvents();
  const state = { isDraining: false };
  const intake = fakeIntake(config);
  const options: FrontOptions = {
    config,
    commands,
    operations,
    transfers: {
      exportInstance: async () => new TextEncoder().encode('sealed'),
      importInstance: async () => (await commands.createInstance({ id: 'imported' })).view,
    },
    store,
    events,
    media: intake,
    log: createLog('silent'),
    clock: systemClock,
    version: '0.0.0-test',
    metrics: createHttpMetrics(createMetricRegistry()),
    renderQr: async (text, format) => new TextEncoder().encode(`${format}:${text}`),
    isDraining: () => state.isDraining,
    ...more,
  };
  return { commands, operations, store, events, state, options };
}

/** The table of routes, for tests that go over all of them. */
export const allRoutes = () => buildApp(fakes().options).routes;

function parsed(text: string): Loose {
  try {
    return JSON.parse(text) as Loose;
  } catch {
    return {};
  }
}

export async function request(
  url: string,
  method: string,
  path: string,
  options: AskOptions = {},
): Promise<Reply> {
  const { key = adminKey, body, raw, headers = {} } = options;
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload === undefined ? {} : { body: payload }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

export async function startTestFront(
  env: Record<string, string> = {},
  more: Partial<FrontOptions> = {},
): Promise<TestFront> {
  const made = fakes(testConfig(env), more);
  const front = await startFront(made.options);
  return {
    ...made,
    front,
    ask: (method, path, options) => request(front.url, method, path, options),
    [Symbol.asyncDispose]: () => front.stop(),
  };
}
