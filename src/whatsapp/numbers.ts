/**
 * Asks WhatsApp which numbers have an account, in batches, with their LIDs. The answer's JID may differ
 * from the question (the Brazilian ninth digit). Called by `connect.ts`; keeps nothing but the mapping.
 */
import {
  type BinaryNode,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  type LIDMapping,
  S_WHATSAPP_NET,
  type WASocket,
} from '@whiskeysockets/baileys';
import { withoutNinthDigit } from '../phone-number.ts';
import type { NumberResult } from '../protocol/message.ts';
import { bareJid } from './addresses.ts';
import type { LidMapping } from './lid-mapping.ts';
import { numbersPerQueryMax } from './limits.ts';
import { appErrorOf } from './refusals.ts';

interface Found {
  readonly jid: string;
  readonly lid: string | null;
  readonly isIn: boolean;
  /** The number as asked, where the answer repeats it. */
  readonly asked: string | null;
}

export interface NumbersParts {
  readonly sock: Pick<WASocket, 'query' | 'generateMessageTag'>;
  readonly lids: LidMapping;
}

const digitsOf = (text: string): string => text.replace(/\D/g, '');
const userOf = (jid: string): string => jid.split(/[:@]/)[0] ?? '';

function question(sock: NumbersParts['sock'], numbers: readonly string[]): BinaryNode {
  const users = numbers.map((digits) => ({
    tag: 'user',
    attrs: {},
    content: [{ tag: 'contact', attrs: {}, content: Buffer.from(`+${digits}`) }],
  }));
  const protocols = ['contact', 'lid'].map((tag) => ({ tag, attrs: {} }));
  const usync: BinaryNode = {
    tag: 'usync',
    attrs: {
      sid: sock.generateMessageTag(),
      mode: 'query',
      last: 'true',
      index: '0',
      context: 'interactive',
    },
    content: [
      { tag: 'query', attrs: {}, content: protocols },
      { tag: 'list', attrs: {}, content: users },
    ],
  };
  return { tag: 'iq', attrs: { to: S_WHATSAPP_NET, type: 'get', xmlns: 'usync' }, content: [usync] };
}

function nodeText(node: BinaryNode | undefined): string | null {
  const content = node?.content;
  if (typeof content === 'string') return content;
  return content instanceof Uint8Array ? Buffer.from(content).toString('utf8') : null;
}

function foundOf(user: BinaryNode): Found | undefined {
  const jid = user.attrs['jid'];
  if (!jid) return undefined;
  const contact = getBinaryNodeChild(user, 'contact');
  const asked = nodeText(contact);
  const lid = getBinaryNodeChild(user, 'lid')?.attrs['val'];
  return {
    jid: bareJid(jid),
    lid: lid ? bareJid(lid) : null,
    isIn: contact?.attrs['type'] === 'in',
    asked: asked ? digitsOf(asked) : null,
  };
}

function answers(response: BinaryNode | undefined): Found[] {
  const usync = response && getBinaryNodeChild(response, 'usync');
  const list = usync && getBinaryNodeChild(usync, 'list');
  return getBinaryNodeChildren(list, 'user')
    .map(foundOf)
    .filter((found) => found !== undefined);
}

/** Finds the answer to one number: repeated number, same digits, or the other ninth-digit form. */
export function matcher(found: readonly Found[]): (digits: string) => Found | undefined {
  const byForm = new Map<string, Found>();
  for (const one of found) byForm.set(withoutNinthDigit(userOf(one.jid)), one);
  for (const one of found) byForm.set(userOf(one.jid), one);
  for (const one of found) if (one.asked) byForm.set(one.asked, one);
  return (digits) => byForm.get(digits) ?? byForm.get(withoutNinthDigit(digits));
}

function resultOf(input: string, found: Found | undefined): NumberResult {
  if (!found?.isIn) return { input, exists: false, jid: null, pn: null, lid: null, cached: false };
  return { input, exists: true, jid: found.jid, pn: found.jid, lid: found.lid, cached: false };
}

async function queryBatch(parts: NumbersParts, inputs: readonly string[]): Promise<NumberResult[]> {
  const numbers = [...new Set(inputs.map(digitsOf))];
  const found = answers((await parts.sock.query(question(parts.sock, numbers))) as BinaryNode | undefined);
  const pairs = found.flatMap(({ jid, lid }): LIDMapping[] => (lid ? [{ pn: jid, lid }] : []));
  await parts.lids.storeLIDPNMappings(pairs);
  const match = matcher(found);
  return inputs.map((input) => resultOf(input, match(digitsOf(input))));
}

/** One result an input, in order. Rejects with `timeout`, `whatsapp_rejected` or `actor_restarted`. */
export async function queryNumbers(
  parts: NumbersParts,
  inputs: readonly string[],
): Promise<readonly NumberResult[]> {
  const results: NumberResult[] = [];
  for (let start = 0; start < inputs.length; start += numbersPerQueryMax) {
    const batch = inputs.slice(start, start + numbersPerQueryMax);
    try {
      results.push(...(await queryBatch(parts, batch)));
    } catch (error) {
      throw appErrorOf(error, 'the number check');
    }
  }
  return results;
}
