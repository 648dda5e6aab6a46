/**
 * Structured logs (pino, JSON lines) to stdout or, with LOG_DIR, to rotated files. Secrets, keys and message
 * bodies are redacted by path; every thread has a log of its own and follows changes of the level. Never log a
 * whole request, credentials or a Baileys node at `info`.
 */
import { BroadcastChannel } from 'node:worker_threads';
import pino from 'pino';
import { logDestination } from './log-files.ts';

export type Log = pino.Logger;
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

const redactedNames = [
  ...['token', 'secret', 'apiKey', 'authorization', 'passphrase', 'password', 'text', 'body', 'creds'],
  ...['caption', 'qr', 'keyPair', 'private', 'privKey', 'webhookUrl'],
];
const redactedPaths = redactedNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

const levelsChannel = 'elenco.log-level';
const logs = new Set<WeakRef<Log>>();
let levels: BroadcastChannel | undefined;

function applyLevel(level: LogLevel): void {
  for (const ref of logs) {
    const log = ref.deref();
    if (log) log.level = level;
    else logs.delete(ref);
  }
}

/** One per thread, made with the thread's first log; it keeps no thread alive. */
function followLevels(): BroadcastChannel {
  const made = new BroadcastChannel(levelsChannel);
  made.onmessage = (event: unknown) => applyLevel((event as { data: LogLevel }).data);
  made.unref();
  return made;
}

/** `fields` stand on every line, for example `{ thread: 'shard-0' }`. */
export function createLog(level: LogLevel, fields: Record<string, unknown> = {}): Log {
  const log = pino(
    {
      level,
      base: fields,
      redact: { paths: redactedPaths, censor: '[redacted]' },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    logDestination(),
  );
  logs.add(new WeakRef(log));
  levels ??= followLevels();
  return log;
}

/** Changes the level of every log of every thread of this process, until the next start. */
export function changeLogLevel(level: LogLevel): void {
  levels ??= followLevels();
  applyLevel(level);
  levels.postMessage(level);
}

/** An Error as plain data for a log line: message, code and the first lines of its stack. */
export function errorFields(error: unknown): { message: string; code?: string; stack?: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = (error as { code?: unknown }).code;
  return {
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack ? { stack: error.stack.split('\n').slice(0, 8).join('\n') } : {}),
  };
}
