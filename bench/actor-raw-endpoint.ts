/** Comlink's own Node adapter, given a type: the package ships it without one that `nodenext` finds. */
import type { MessagePort } from 'node:worker_threads';
import type { Endpoint } from 'comlink';
// @ts-expect-error the adapter has no type declarations for its `.mjs`
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

export const rawEndpoint = nodeEndpoint as (port: MessagePort) => Endpoint;
