/** The ref contract, for an actor in a worker thread. */
import { systemClock } from '../../src/clock.ts';
import { createHost } from '../../src/thread/host.ts';
import { refContract } from '../actor/contract.ts';
import type { ContractCommand, ContractReplies } from '../actor/contract-behavior.ts';
import { quietLog } from './harness.ts';

const entry = new URL('./guests/contract.ts', import.meta.url);

refContract('a thread', ({ mailboxCapacity, deadLetters }) =>
  createHost<null, ContractCommand, ContractReplies>(
    { name: 'contracted', entry, boot: null, mailboxCapacity },
    { clock: systemClock, log: quietLog, deadLetters },
  ),
);
