/**
 * Which room answers which stanza, by tag. Called for every stanza of a connection; it holds no rules of
 * its own beyond who may say what before login.
 */

import type { Companion } from '../accounts/companion.ts';
import { finishCodePairing, startCodePairing } from '../accounts/pairing-code.ts';
import { acceptCall } from '../calls/calls.ts';
import { acceptMessage } from '../messages/accept.ts';
import { acceptAck, acceptReceipt } from '../messages/receipts.ts';
import { acceptChatState, acceptPresence } from '../presence/presence.ts';
import { answerQuery } from '../queries/answers.ts';
import { serverJid } from '../wire/jid.ts';
import { bytesOf, childOf, type Node, node } from '../wire/node.ts';
import type { World } from '../world.ts';
import type { Connection } from './connection.ts';
import { sendOfflineBatch } from './login.ts';

const result = (stanza: Node, content?: Node[]): Node =>
  node('iq', { from: serverJid, type: 'result', id: stanza.attrs['id'] }, content);

/** A connection that is not logged in may only be paired. */
function register(world: World, connection: Connection, stanza: Node): void {
  const { candidate } = connection;
  if (!candidate || stanza.tag !== 'iq') return;
  if (stanza.attrs['type'] === 'result') {
    if (candidate.pending?.id !== stanza.attrs['id']) return;
    const signed = childOf(stanza, 'pair-device-sign');
    candidate.pending?.accept(bytesOf(childOf(signed, 'device-identity')));
    return;
  }
  connection.send(result(stanza));
  const link = childOf(stanza, 'link_code_companion_reg');
  if (link?.attrs['stage'] === 'companion_hello') startCodePairing(world, candidate, link);
  if (link?.attrs['stage'] === 'companion_finish') finishCodePairing(candidate, link);
}

function acceptInfo(world: World, companion: Companion, stanza: Node): void {
  if (childOf(stanza, 'offline_batch')) sendOfflineBatch(world, companion);
}

export async function dispatch(world: World, connection: Connection, stanza: Node): Promise<void> {
  const { companion } = connection;
  if (!companion) return register(world, connection, stanza);
  switch (stanza.tag) {
    case 'iq':
      return answerQuery(world, connection, companion, stanza);
    case 'message':
      return acceptMessage(world, companion, stanza);
    case 'receipt':
      return acceptReceipt(world, companion, stanza);
    case 'ack':
      return acceptAck(world, companion, stanza);
    case 'ib':
      return acceptInfo(world, companion, stanza);
    case 'presence':
      return acceptPresence(world, companion, stanza);
    case 'chatstate':
      return acceptChatState(world, companion, stanza);
    case 'call':
      return acceptCall(world, companion, stanza);
    default:
      return;
  }
}
