/**
 * Structured logs (pino, JSON lines). Secrets, keys and message bodies are redacted by path; a worker gets
 * a child of its own. Never log a whole request, credentials or a Baileys node at `info`.
 */
import pino from 'pino';

export type Log = pino.Logger;
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

const redactedPaths = [
  'token',
  'secret',
  'apiKey',
  'authorization',
  'text',
  'body',
  'creds',
  '*.token',
  '*.secret',
  '*.apiKey',
  '*.text',
  '*.body',
  '*.creds',
];

/** Logs to stdout. `fields` stand on every line, for example `{ thread: 'shard-0' }`. */
export function createLog(level: LogLevel, fields: Record<string, unknown> = {}): Log {
  return pino({
    level,
    base: fields,
    redact: { paths: redactedPaths, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
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
