/**
 * What every kind of actor promises to its askers, and the behavior that it is tried on. Run against a local
 * actor in this folder and against a thread in `test/thread`.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { ChildSpec } from '../../src/actor/child-spec.ts';

import { DeadLetters } from '../../src/actor/dead-letters.ts';
import type { Ref } from '../../src/actor/protocol.ts';
import { restartLimits } from '../../src/actor/restart-policy.ts';
import { Supervisor } from '../../src/actor/supervisor.ts';
import { systemClock, yieldTurn } from '../../src/clock.ts';
import { AppError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import type { ContractCommand, ContractReplies } from './contract-behavior.ts';

export type Contracted = ChildSpec & { readonly ref: Ref<ContractCommand, ContractReplies> };
export interface ContractOptions {
  readonly mailboxCapacity: number;
  readonly deadLetters: DeadLetters;
}

const soon = { timeoutMs: 20_000 };
const log = createLog('silent');

export function refContract(kind: string, make: (options: ContractOptions) => Contracted): void {
  let supervisor: Supervisor | undefined;
  afterEach(async () => supervisor?.stop());

  async function started(mailboxCapacity = 4096) {
    const deadLetters = new DeadLetters(systemClock, log);
    const actor = make({ mailboxCapacity, deadLetters });
    const limits = { ...restartLimits, delayMsMin: 1 };
    supervisor = new Supervisor({ clock: systemClock, log, limits });
    await supervisor.start([actor]);
    return { actor, ref: actor.ref, deadLetters };
  }

  describe(`the ref of ${kind}`, () => {
    test('runs messages in the order in which they were accepted', async () => {
      const { ref } = await started();
      for (let number = 0; number < 1000; number++)
        expect(ref.tell({ kind: 'Add', number })).toBe('accepted');
      expect(await ref.ask({ kind: 'Get' }, soon)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    });

    test('hands typed failures to the asker and goes on', async () => {
      const { ref } = await started();
      await expect(ref.ask({ kind: 'Fail' }, soon)).rejects.toMatchObject({ code: 'conflict' });
      await expect(ref.ask({ kind: 'Fail' }, soon)).rejects.toBeInstanceOf(AppError);
      expect(await ref.ask({ kind: 'Get' }, soon)).toEqual([]);
    });

    test('drops an ask whose deadline has passed before its turn, and counts it', async () => {
      const { ref, actor } = await started();
      const blocked = ref.ask({ kind: 'Block', ms: 100 }, soon);
      const late = ref.ask({ kind: 'AddLate', number: 1 }, { timeoutMs: 10 });
      await expect(late).rejects.toMatchObject({ code: 'timeout' });
      await blocked;
      expect(await ref.ask({ kind: 'Get' }, soon)).toEqual([]);
      expect(await actor.stats()).toMatchObject({ asksTimedOut: 1, asksInFlight: 0 });
    });

    test('is full at its capacity, counting what is in progress, and recovers', async () => {
      const { ref, deadLetters } = await started(2);
      const first = ref.ask({ kind: 'Block', ms: 1 }, soon);
      expect([ref.tell({ kind: 'Add', number: 1 }), ref.tell({ kind: 'Add', number: 2 })]).toEqual([
        'accepted',
        'full',
      ]);
      await expect(ref.ask({ kind: 'Get' }, soon)).rejects.toMatchObject({ code: 'mailbox_full' });
      await first;
      expect(await ref.ask({ kind: 'Get' }, soon)).toEqual([1]);
      expect(deadLetters.count('full')).toBe(2);
    });

    test('after a crash fails asks, keeps tells in order, and replays the culprit only once', async () => {
      const { ref, deadLetters } = await started();
      ref.tell({ kind: 'Crash' });
      for (const number of [1, 2, 3]) ref.tell({ kind: 'Add', number });
      await expect(ref.ask({ kind: 'Get' }, soon)).rejects.toMatchObject({ code: 'actor_restarted' });
      let numbers: unknown;
      while (!Array.isArray(numbers)) numbers = await ref.ask({ kind: 'Get' }, soon).catch(() => yieldTurn());
      expect(numbers).toEqual([1, 2, 3]);
      expect(deadLetters.counts()).toMatchObject({ poison: 1 });
      expect(ref.tell({ kind: 'Crash' })).toBe('stopped');
    });

    test('loses nothing while its actor is replaced', async () => {
      const { ref, actor } = await started();
      const before = Array.from({ length: 300 }, (_, value) => ref.ask({ kind: 'Echo', value }, soon));
      const replaced = supervisor?.replace(actor.name);
      const during = Array.from({ length: 300 }, (_, value) =>
        ref.ask({ kind: 'Echo', value: 300 + value }, soon),
      );
      await replaced;
      const answers = await Promise.all([...before, ...during]);
      expect(answers).toEqual(answers.map((_, index) => index));
    });

    test('drained: finishes what was accepted, then refuses', async () => {
      const { ref } = await started();
      const accepted = Array.from({ length: 100 }, (_, value) => ref.ask({ kind: 'Echo', value }, soon));
      const drained = supervisor?.drain();
      expect(ref.tell({ kind: 'Add', number: 1 })).toBe('stopped');
      await drained;
      expect(await Promise.all(accepted)).toHaveLength(100);
      await expect(ref.ask({ kind: 'Get' }, soon)).rejects.toMatchObject({ code: 'draining' });
    });
  });
}
