/**
 * The route table and /openapi.json without a running gateway: routes touch what they are given only when
 * they answer. Used by bin/make-client.ts and by tests.
 */
import { routeTable } from './app.ts';
import { openapiDocument } from './openapi.ts';
import type { AnyRoute, FrontOptions } from './route.ts';

/** Every route, to be read and not to be called. */
export const describeRoutes = (version: string): readonly AnyRoute[] =>
  routeTable({ version } as unknown as FrontOptions).routes;

export const describeApi = (version: string): unknown => openapiDocument(describeRoutes(version), version);
