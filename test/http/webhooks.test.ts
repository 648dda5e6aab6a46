/** Webhooks: shapes, the secret shown once, what is refused. */
import { describe, expect, it } from 'vitest';
import { testSecret } from './support/fake-commands.ts';
import { startTestFront } from './support/start.ts';

const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 1).toString('base64')}`;

describe.each([
  ['of an instance', '/v1/instances/a/webhook'],
  ['of all instances', '/v1/webhook'],
])('the webhook %s', (_, path) => {
  it('is set, read, tested and removed; its secret is shown once', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    expect((await t.ask('GET', path)).body.code).toBe('webhook_not_set');
    expect((await t.ask('POST', `${path}/test`)).body.code).toBe('webhook_not_set');
    const input = {
      url: 'https://example.com/x',
      events: ['message.received'],
      headers: { 'X-Team': 'a' },
      ordered: false,
    };
    const shown = { ...input, enabled: true };
    expect((await t.ask('PUT', path, { body: input })).body).toEqual({ ...shown, secret: testSecret });
    expect((await t.ask('GET', path)).body).toEqual(shown);
    expect((await t.ask('POST', `${path}/test`)).body).toMatchObject({ delivered: true, httpStatus: 200 });
    const { body } = await t.ask('GET', `${path}/deliveries?status=delivered&limit=10`);
    expect(body).toMatchObject({
      items: [{ at: '2026-01-02T03:04:05.678Z', result: 'delivered', nextAt: null }],
      next: null,
    });
    expect((await t.ask('DELETE', path)).status).toBe(204);
    expect((await t.ask('GET', path)).status).toBe(404);
  });

  it.each([
    [{}, 'url'],
    [{ url: 'ftp://example.com' }, 'url'],
    [{ url: 'not a url' }, 'url'],
    [{ url: `https://example.com/${'x'.repeat(2_048)}` }, 'url'],
    [{ url: 'https://example.com', events: [] }, 'events'],
    [{ url: 'https://example.com', events: ['message.lost'] }, 'events.0'],
    [{ url: 'https://example.com', secret: 'short' }, 'secret'],
    [{ url: 'https://example.com', secret: secretOf(23) }, 'secret'],
    [{ url: 'https://example.com', secret: secretOf(65) }, 'secret'],
    [{ url: 'https://example.com', headers: { 'bad name': 'x' } }, 'headers.bad name'],
    [{ url: 'https://example.com', headers: { 'X-A': 'line\nbreak' } }, 'headers.X-A'],
    [
      {
        url: 'https://example.com',
        headers: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`X-${i}`, 'x'])),
      },
      'headers',
    ],
    [{ url: 'https://example.com', enabled: 'yes' }, 'enabled'],
  ])('refuses %j and names the field', async (body, field) => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const reply = await t.ask('PUT', path, { body });
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ errors: [{ path: field }] });
  });

  it.each([24, 64])('takes a secret of %i bytes', async (bytes) => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const body = { url: 'http://10.0.0.1:8080/hook', secret: secretOf(bytes) };
    expect((await t.ask('PUT', path, { body })).body.secret).toBe(secretOf(bytes));
  });
});
