/** The contract's behavior in a thread. */
import { runGuest } from '../../../src/thread/guest.ts';
import {
  type ContractCommand,
  type ContractReplies,
  contractBehavior,
} from '../../actor/contract-behavior.ts';

runGuest<null, ContractCommand, ContractReplies>(() => contractBehavior());
