/** The ref contract, for an actor in its owner's thread. */
import { createLocal } from '../../src/actor/local.ts';
import { systemClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { refContract } from './contract.ts';
import { type ContractCommand, type ContractReplies, contractBehavior } from './contract-behavior.ts';

refContract('a local actor', (options) =>
  createLocal<ContractCommand, ContractReplies>(contractBehavior, {
    name: 'contracted',
    clock: systemClock,
    log: createLog('silent'),
    ...options,
  }),
);
