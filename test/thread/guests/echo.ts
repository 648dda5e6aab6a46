/** A guest for tests: echoes, fails, counts, tells its host, and dies in every way on command. */
import { AppError } from '../../../src/errors.ts';
import { runGuest } from '../../../src/thread/guest.ts';
import { die } from './deaths.ts';
import type { EchoCommand, EchoEvent, EchoReplies } from './echo-protocol.ts';

const never = new Promise<never>(() => undefined);

runGuest<{ concurrency: number }, EchoCommand, EchoReplies, EchoEvent>(
  async (_boot, guest) => {
    const seen: number[] = [];
    return {
      async drain() {
        guest.tell({ kind: 'Drained', seen: seen.length });
      },
      async stop() {
        guest.tell({ kind: 'Stopped' });
      },
      stats: () => ({ seen: seen.length }),
      receive(message, context) {
        switch (message.kind) {
          case 'Echo':
            return message.value;
          case 'Deadline':
            return context.deadline();
          case 'Fail':
            throw new AppError('conflict', message.detail, { retryAfterMs: 7 });
          case 'Count':
            seen.push(message.number);
            return undefined;
          case 'GetCount':
            return seen;
          case 'Never':
            return never;
          case 'TellHost':
            return guest.tell({ kind: 'Told', value: message.value });
          case 'AskHost':
            return guest.ask({ kind: 'Asked', value: message.value }, { timeoutMs: 5000 });
          case 'Die':
            return die(message.way, guest);
        }
      },
    };
  },
  { concurrency: 64 },
);
