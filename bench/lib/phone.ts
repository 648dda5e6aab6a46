/** The other end of `phone-process.ts`: a bench asks its sandbox to scan, speak and make groups. */
import { type ChildProcess, fork } from 'node:child_process';
import type { PhoneRequest } from './phone-process.ts';

export interface Pair {
  readonly from: string;
  readonly to: string;
}

interface Hello {
  readonly url: string;
  readonly rootKey: string;
  readonly caFile: string;
}

export class Phone {
  readonly url: string;
  readonly rootKey: string;
  readonly caFile: string;
  readonly pid: number;
  #child: ChildProcess;
  #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #ids = 0;

  constructor(child: ChildProcess, hello: Hello) {
    this.#child = child;
    this.url = hello.url;
    this.rootKey = hello.rootKey;
    this.caFile = hello.caFile;
    this.pid = child.pid ?? 0;
    child.on('message', ({ id, value, error }: { id: number; value: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    });
  }

  static start(): Promise<Phone> {
    const child = fork(new URL('./phone-process.ts', import.meta.url), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    return new Promise((resolve, reject) => {
      child.once('message', (hello) => resolve(new Phone(child, hello as Hello)));
      child.once('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)));
    });
  }

  #ask<T>(request: PhoneRequest): Promise<T> {
    this.#ids += 1;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#ids, waiting);
    this.#child.send({ id: this.#ids, request });
    return waiting.promise as Promise<T>;
  }

  async scan(qr: string): Promise<string> {
    return (await this.#ask<{ phone: string }>({ kind: 'scan', qr })).phone;
  }

  speak(pairs: readonly Pair[], count: number): Promise<number> {
    return this.#ask({ kind: 'speak', pairs, count });
  }

  pace(pairs: readonly Pair[], perSecond: number, ms: number): Promise<number> {
    return this.#ask({ kind: 'pace', pairs, perSecond, ms });
  }

  group(from: string, members: readonly string[]): Promise<string> {
    return this.#ask({ kind: 'group', from, members });
  }

  drop(phone?: string): Promise<number> {
    return this.#ask({ kind: 'drop', ...(phone === undefined ? {} : { phone }) });
  }

  async stop(): Promise<void> {
    await this.#ask({ kind: 'stop' });
  }
}
