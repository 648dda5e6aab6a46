/**
 * Silences `console` in threads where Baileys' sockets live: libsignal prints whole session objects with
 * private keys through it. Called by `install.ts`; only counts what was printed, never keeps or shows it.
 */
const methods = ['debug', 'error', 'info', 'log', 'trace', 'warn', 'dir', 'table'] as const;

export interface SilencedConsole {
  /** Calls swallowed so far. */
  readonly calls: number;
  restore(): void;
}

export function silenceConsole(): SilencedConsole {
  let calls = 0;
  const saved = methods.map((method) => [method, console[method]] as const);
  for (const method of methods) {
    console[method] = () => {
      calls += 1;
    };
  }
  return {
    get calls() {
      return calls;
    },
    restore() {
      for (const [method, original] of saved) console[method] = original as () => void;
    },
  };
}
