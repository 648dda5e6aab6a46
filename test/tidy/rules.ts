/** The rules that tidy.test.ts holds: DESIGN §2 with DECISIONS 7 and 15 as tables, and the words of STYLE.md. */

/** Who may import whom. A folder name means every file in it; a file name means only that file. */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  base: [],
  actor: ['base'],
  protocol: ['base'],
  store: ['base', 'protocol'],
  thread: ['base', 'actor', 'protocol'],
  network: ['base'],
  media: ['base', 'protocol', 'network'],
  monitoring: ['base', 'protocol'],
  whatsapp: ['base', 'actor', 'protocol', 'store', 'media', 'network'],
  shard: ['base', 'actor', 'protocol', 'store', 'thread', 'media', 'whatsapp', 'monitoring'],
  webhook: ['base', 'actor', 'protocol', 'store', 'thread', 'network', 'monitoring'],
  http: ['base', 'protocol', 'store', 'monitoring'],
  directory: ['base', 'actor', 'protocol', 'store', 'thread', 'monitoring', 'backup'],
  sandbox: ['base'],
  backup: ['base', 'protocol', 'store'],
  // Ships alone, inside the package's users' programs.
  client: [],
  cli: ['base', 'store', 'backup', 'client'],
  gateway: [
    ...['base', 'actor', 'protocol', 'store', 'thread', 'media', 'monitoring'],
    ...['directory', 'http', 'shard', 'webhook', 'backup'],
  ],
  main: ['base', 'gateway'],
  workers: [
    ...['base', 'actor', 'protocol', 'store', 'thread', 'media', 'monitoring'],
    ...['whatsapp', 'shard', 'webhook', 'backup'],
  ],
};

/** Files straight below src/ that are not the base. */
const rootFiles: Readonly<Record<string, string>> = {
  'src/gateway.ts': 'gateway',
  'src/main.ts': 'main',
  'src/first-screen.ts': 'main',
};

/** The room of a file of src/ or workers/. */
export function roomOf(path: string): string {
  if (path.startsWith('workers/')) return 'workers';
  const [, folder = '', ...rest] = path.split('/');
  return rest.length > 0 ? folder : (rootFiles[path] ?? 'base');
}

/** Where the process starts: everything else must be reachable from here. */
export const entries = [
  ...['src/main.ts', 'src/sandbox/run.ts', 'src/cli/main.ts', 'src/client/elenco.ts'],
  ...['bin/make-client.ts', 'examples/counters/main.ts'],
];

/** Libraries that shape the design, and the files or folders that may import them. */
export const importers: Readonly<Record<string, readonly string[]>> = {
  comlink: ['src/thread/link.ts'],
  msgpackr: ['src/thread/codec.ts', 'src/store/codec.ts'],
  lmdb: ['src/store/lmdb/databases.ts'],
  'prom-client': ['src/monitoring/metrics.ts'],
  undici: ['src/webhook/poster.ts', 'src/network/', 'src/media/fetch.ts', 'src/whatsapp/'],
  '@fastify/busboy': ['src/http/multipart.ts'],
  sharp: ['src/media/'],
  'music-metadata': ['src/media/'],
  piscina: ['src/media/pool.ts'],
  tar: ['src/backup/tar.ts'],
  'node:sqlite': ['src/store/lmdb/owner-lock.ts'],
  hono: ['src/http/', 'src/sandbox/'],
  '@hono/zod-openapi': ['src/http/'],
  'rate-limiter-flexible': ['src/http/rate-limits.ts'],
  '@whiskeysockets/baileys': ['src/whatsapp/', 'src/sandbox/wire/'],
  'eventsource-parser': ['src/client/events.ts'],
  'https-proxy-agent': ['src/whatsapp/proxy.ts'],
  'socks-proxy-agent': ['src/whatsapp/proxy.ts'],
  'whatsapp-rust-bridge': ['src/whatsapp/', 'src/sandbox/'],
};

/** Uses that belong in few places, each with who may. */
export const confinedUses: Readonly<Record<string, readonly string[]>> = {
  'Date.now': ['src/clock.ts'],
  'Math.random': ['src/clock.ts'],
  setTimeout: ['src/clock.ts', 'src/client/request.ts'],
  setInterval: ['src/clock.ts'],
  'process.env': ['src/config.ts', 'src/sandbox/run.ts', 'src/sandbox/run/'],
  'new SharedArrayBuffer': ['src/thread/ring.ts', 'src/thread/wake.ts'],
  Atomics: ['src/thread/ring.ts', 'src/thread/wake.ts'],
};

export const sizes = {
  fileLinesMax: 400,
  fileLinesMedian: 100,
  functionLinesMax: 70,
  functionLinesMedian: 10,
  functionLinesP90: 40,
  openingLinesMax: 10,
  workerLinesMax: 60,
} as const;

/** Files whose opening comment draws a memory layout (STYLE habit 5) and may be longer. */
export const drawnLayouts: readonly string[] = ['src/thread/ring.ts'];

/**
 * Words that are not used in file names and exported type names, with what to say instead (STYLE.md). `call`
 * is not among them: WhatsApp has calls.
 */
export const bannedWords: Readonly<Record<string, string>> = {
  service: 'actor, or the name of what it does',
  manager: 'actor, or the name of what it does',
  helper: 'the name of what it does',
  util: 'the name of what it does',
  utils: 'the name of what it does',
  handle: 'ref',
  client: 'ref (or caller, endpoint, contact)',
  job: 'command or delivery',
  task: 'command or turn',
  payload: 'event, body or frame',
  packet: 'frame',
  chunk: 'frame or part',
  inbox: 'mailbox',
  channel: 'ring or mailbox',
  watchdog: 'supervisor',
  shutdown: 'drain, stop or kill',
  destroy: 'stop or kill',
  partition: 'shard',
  tenant: 'instance',
};

/** Exempt names, each for a reason that its word does not mean what the ban is about. */
export const exemptNames: readonly string[] = [];
