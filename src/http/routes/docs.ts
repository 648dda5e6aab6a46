/** The API's own description: /openapi.json, and a page at /docs that shows it from packaged files (no CDN). */
import { readFileSync } from 'node:fs';
import { content } from '../answer.ts';
import { openapiDocument } from '../openapi.ts';
import { type AnyRoute, type FrontOptions, route } from '../route.ts';

const tag = 'docs';
const cacheControl = 'public, max-age=300';
const openJson = 'application/json; charset=UTF-8';

/** The page loads what lies beside it and /openapi.json, nothing from elsewhere, and stands in no frame. */
const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

/** Files of the page, by route. */
const files = [
  { path: '/docs', file: '../docs-page/index.html', type: 'text/html; charset=UTF-8' },
  { path: '/docs/page.js', file: '../docs-page/page.js', type: 'text/javascript; charset=UTF-8' },
  { path: '/docs/page.css', file: '../docs-page/page.css', type: 'text/css; charset=UTF-8' },
] as const;

function fileRoute({ path, file, type }: (typeof files)[number]): AnyRoute {
  const body = readFileSync(new URL(file, import.meta.url), 'utf8');
  return route({
    method: 'get',
    path,
    tag,
    summary: 'The API reference as a page',
    access: 'open',
    limit: 'global',
    answers: { 200: { about: 'The page', types: [type.slice(0, type.indexOf(';'))] } },
    handle() {
      const answer = content(type, body, cacheControl);
      return { ...answer, headers: { ...answer.headers, ...pageHeaders } };
    },
  });
}

/** `routes` answers all routes of the front, these included, when the document is first asked for. */
export function docsRoutes({ version }: FrontOptions, routes: () => readonly AnyRoute[]): AnyRoute[] {
  let document: string | undefined;
  const openapi = route({
    method: 'get',
    path: '/openapi.json',
    tag,
    summary: 'This description, OpenAPI 3.1',
    access: 'open',
    limit: 'global',
    answers: { 200: { about: 'OpenAPI 3.1', types: ['application/json'] } },
    handle() {
      document ??= JSON.stringify(openapiDocument(routes(), version));
      return content(openJson, document, cacheControl);
    },
  });
  return [openapi, ...files.map(fileRoute)];
}
