/**
 * Queries with a fixed answer. Called by the answer table.
 */
import { node } from '../wire/node.ts';
import type { Answerer } from './query.ts';

export const empty: Answerer = () => null;

/** A/B properties: the ones that Baileys reads, with WhatsApp's present values. */
const props: Readonly<Record<string, string>> = { '10518': '1', '9666': '1', '14303': '0' };

export const answerProps: Answerer = () => {
  const children = Object.entries(props).map(([code, value]) =>
    node('prop', { config_code: code, config_value: value }),
  );
  return [node('props', { protocol: '1', hash: 'sandbox', refresh: '86400' }, children)];
};
