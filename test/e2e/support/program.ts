/** A program of ours as a process of its own: what it says, and how it ends. */
import { type ChildProcess, spawn } from 'node:child_process';

export interface Launch {
  /** A command, with its arguments, that becomes the program: `taskset -c 0`. */
  readonly through?: readonly string[];
  /** Flags of Node. */
  readonly flags?: readonly string[];
}

export class Program {
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | null>;
  #spawned: ChildProcess;
  #waiting = new Set<() => void>();

  constructor(
    file: string,
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    { through = [], flags = [] }: Launch = {},
  ) {
    const [command = process.execPath, ...words] = [...through, process.execPath, ...flags, file, ...argv];
    this.#spawned = spawn(command, words, {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#spawned.stdout?.on('data', (text) => this.#heard(() => (this.stdout += text)));
    this.#spawned.stderr?.on('data', (text) => this.#heard(() => (this.stderr += text)));
    this.exited = new Promise((resolve) => this.#spawned.once('close', resolve));
  }

  #heard(add: () => void): void {
    add();
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves with the match once stdout has it; rejects when the program ends first. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const look = (): void => {
      const match = pattern.exec(this.stdout);
      if (match) resolve(match);
    };
    this.#waiting.add(look);
    look();
    this.exited.then(
      (code) => reject(new Error(`ended with ${code} before ${pattern}: ${this.stderr}`)),
      reject,
    );
    return promise.finally(() => this.#waiting.delete(look));
  }

  get pid(): number | undefined {
    return this.#spawned.pid;
  }

  kill(signal: NodeJS.Signals): void {
    this.#spawned.kill(signal);
  }
}
