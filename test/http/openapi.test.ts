/** /openapi.json is OpenAPI 3.1 made from the routes and their schemas; /docs needs nothing from outside. */
import { describe, expect, it } from 'vitest';
import { eventDataSchemas } from '../../src/http/schemas/event.ts';
import { allRoutes, type Loose, startTestFront } from './support/start.ts';

function refs(node: unknown, found: string[] = []): string[] {
  if (typeof node !== 'object' || node === null) return found;
  for (const [key, value] of Object.entries(node)) {
    if (key === '$ref' && typeof value === 'string') found.push(value);
    else refs(value, found);
  }
  return found;
}

describe('the description of the API', () => {
  it('has every route, and every reference in it leads somewhere', async () => {
    await using t = await startTestFront();
    const { status, body } = await t.ask('GET', '/openapi.json', { key: null });
    expect(status).toBe(200);
    expect(body.openapi).toMatch(/^3\.1\./);
    for (const { method, path } of allRoutes())
      expect(body.paths?.[path]?.[method], `${method} ${path}`).toBeDefined();
    for (const ref of new Set(refs(body))) {
      const target = ref
        .slice(2)
        .split('/')
        .reduce((node, part) => node?.[part], body as Loose | undefined);
      expect(target, ref).toBeDefined();
    }
    expect(Object.keys(body.webhooks ?? {}).sort()).toEqual(Object.keys(eventDataSchemas).sort());
  });

  it('names the validating bounds', async () => {
    await using t = await startTestFront();
    const { body } = await t.ask('GET', '/openapi.json', { key: null });
    const schemas = body.components?.schemas;
    expect(schemas?.TextMessageInput?.properties?.timeoutMs).toMatchObject({
      minimum: 1_000,
      maximum: 25_000,
    });
    expect(schemas?.TextMessageInput?.required).toEqual(expect.arrayContaining(['type', 'to', 'text']));
    expect(schemas?.Instance?.required).toContain('lastError');
    expect(schemas?.Problem?.properties?.code?.enum).toContain('rate_limited');
  });

  it('says which bodies are required, and keeps null out of shared components', async () => {
    await using t = await startTestFront();
    const { body } = await t.ask('GET', '/openapi.json', { key: null });
    const bodyOf = (path: string) => body.paths?.[path]?.post?.requestBody;
    expect(bodyOf('/v1/instances/{id}/messages')?.required).toBe(true);
    expect(bodyOf('/v1/instances')?.required ?? false).toBe(false);
    const schemas = body.components?.schemas;
    for (const [name, schema] of Object.entries(schemas ?? {}))
      expect(schema?.type ?? 'object', name).toBe('object');
    const webhook = { $ref: '#/components/schemas/WebhookInput' };
    expect(schemas?.InstanceInput?.properties?.webhook).toEqual({ anyOf: [webhook, { type: 'null' }] });
  });

  it('shows itself at /docs from packaged files', async () => {
    await using t = await startTestFront();
    const page = await t.ask('GET', '/docs', { key: null });
    expect(page.headers.get('content-type')).toContain('text/html');
    const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(files).toContain('/docs/page.js');
    for (const file of files) {
      expect(file.startsWith('/'), file).toBe(true);
      expect((await t.ask('GET', file, { key: null })).status, file).toBe(200);
    }
  });
});
