/**
 * The logger that Baileys gets: silent. Baileys logs nodes, keys and message bodies; what matters of it
 * reaches us as events and errors. Never routed to a real log.
 */
interface SilentLogger {
  level: string;
  child(fields: Record<string, unknown>): SilentLogger;
  trace(fields: unknown, text?: string): void;
  debug(fields: unknown, text?: string): void;
  info(fields: unknown, text?: string): void;
  warn(fields: unknown, text?: string): void;
  error(fields: unknown, text?: string): void;
}

const nothing = (): void => undefined;

export const silentLogger: SilentLogger = {
  level: 'silent',
  child: () => silentLogger,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};
