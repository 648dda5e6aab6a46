/**
 * Baileys tells of every stanza under three names for each of its attributes, some thirty strings that are made,
 * hashed and looked up for nothing. The stanzas that come by the thousand have their listeners under one name each:
 * they are told of under that name only. Called by `connection.ts` before the first frame.
 */
import type { EventEmitter } from 'node:events';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { assert } from '../assert.ts';

const told: readonly string[] = ['CB:message', 'CB:receipt', 'CB:ack,class:message'];
const untold = /^CB:(message|receipt|ack)(,(?!class:)|$)/;

/** Undefined: whatever Baileys makes of it. */
function nameOf({ tag, attrs }: BinaryNode): string | undefined {
  if (tag === 'message' || tag === 'receipt') return `CB:${tag}`;
  return tag === 'ack' && attrs['class'] === 'message' ? 'CB:ack,class:message' : undefined;
}

const isNode = (frame: unknown): frame is BinaryNode =>
  typeof frame === 'object' && frame !== null && 'tag' in frame && 'attrs' in frame;

/** Replaces `emit`: a frame comes first, under the name `frame`, then the same object under its other names. */
export function dispatchOnce(ws: Pick<EventEmitter, 'emit' | 'eventNames'>): void {
  const names = ws.eventNames().map(String);
  const lost = names.filter((name) => untold.test(name) && !told.includes(name));
  assert(lost.length === 0, `nobody would be told of ${lost.join(' and ')}: Baileys listens to it`);
  const emit = ws.emit.bind(ws);
  let done: unknown;
  ws.emit = (event, ...args: unknown[]) => {
    const [frame] = args;
    if (event !== 'frame') return (frame !== undefined && frame === done) || emit(event, ...args);
    done = undefined;
    const isHeard = emit(event, frame);
    const name = isNode(frame) ? nameOf(frame) : undefined;
    if (name === undefined) return isHeard;
    done = frame;
    return emit(name, frame) || isHeard;
  };
}
