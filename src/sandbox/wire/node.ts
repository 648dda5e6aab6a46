/**
 * Binary nodes: their type, reading, building and wire codec. Used by every room of the sandbox.
 * One of the few files that import Baileys: its codec only, never a socket.
 */
import { inflateSync } from 'node:zlib';
import * as constants from '@whiskeysockets/baileys/lib/WABinary/constants.js';
import { decodeDecompressedBinaryNode } from '@whiskeysockets/baileys/lib/WABinary/decode.js';
import { encodeBinaryNode } from '@whiskeysockets/baileys/lib/WABinary/encode.js';

export interface Node {
  tag: string;
  attrs: Record<string, string>;
  content?: Node[] | string | Uint8Array;
}

export type NodeAttrs = Readonly<Record<string, string | undefined>>;

/** The node without attributes that are undefined: the encoder drops them silently, so does this. */
export function node(tag: string, attrs: NodeAttrs = {}, content?: Node['content']): Node {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(attrs)) if (value !== undefined) kept[name] = value;
  return content === undefined ? { tag, attrs: kept } : { tag, attrs: kept, content };
}

export const childrenOf = (parent: Node | undefined): Node[] =>
  Array.isArray(parent?.content) ? parent.content : [];

export const childOf = (parent: Node | undefined, tag: string): Node | undefined =>
  childrenOf(parent).find((child) => child.tag === tag);

export const childrenNamed = (parent: Node | undefined, tag: string): Node[] =>
  childrenOf(parent).filter((child) => child.tag === tag);

/** Content as text: the decoder gives tokens, digits and JIDs as string, everything else as bytes. */
export function textOf(source: Node | undefined): string {
  const content = source?.content;
  if (typeof content === 'string') return content;
  return content instanceof Uint8Array ? Buffer.from(content).toString('utf8') : '';
}

export function bytesOf(source: Node | undefined): Buffer {
  const content = source?.content;
  if (content instanceof Uint8Array) return Buffer.from(content);
  return Buffer.from(typeof content === 'string' ? content : '', 'latin1');
}

export const childBytes = (parent: Node | undefined, tag: string): Buffer => bytesOf(childOf(parent, tag));

export const uintOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0);

export function uintBytes(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}

/** Flag byte and node, as they stand inside a frame. */
export const encodeNode = (source: Node): Buffer => encodeBinaryNode(source);

export function decodeNode(plain: Buffer): Node {
  const isDeflated = ((plain[0] ?? 0) & 2) !== 0;
  const body = isDeflated ? inflateSync(plain.subarray(1)) : plain.subarray(1);
  return decodeDecompressedBinaryNode(body, constants);
}
