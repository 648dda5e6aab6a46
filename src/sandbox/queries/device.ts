/**
 * Queries about the companion itself (xmlns md): unlinking. Called by the answer table.
 */

import { unlink } from '../accounts/unlink.ts';
import { childOf } from '../wire/node.ts';
import type { Answerer } from './query.ts';

export const answerDevice: Answerer = ({ world, companion, iq }) => {
  if (childOf(iq, 'remove-companion-device')) unlink(world, companion);
  return null;
};
