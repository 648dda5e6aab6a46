/**
 * What a query answer is: shared by all files of this room. An answer is the children of the result, or
 * a refusal with a code, or null where another function of the same namespace may answer.
 */
import type { Companion } from '../accounts/companion.ts';
import type { Connection } from '../connections/connection.ts';
import type { Node } from '../wire/node.ts';
import type { World } from '../world.ts';

export interface Query {
  readonly world: World;
  readonly connection: Connection;
  readonly companion: Companion;
  readonly iq: Node;
}

export interface Refusal {
  readonly code: number;
  readonly text: string;
}

export type Answer = Node[] | Refusal | null;
export type Answerer = (query: Query) => Answer;

export const refusal = (code: number, text: string): Refusal => ({ code, text });
