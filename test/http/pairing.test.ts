/** The QR route: content negotiation, waiting, expiry as ISO time. */
import { describe, expect, it } from 'vitest';
import { preferredType } from '../../src/http/negotiate.ts';
import { startTestFront } from './support/start.ts';

describe('pairing', () => {
  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['image/png', 'image/png'],
    ['image/svg+xml', 'image/svg+xml'],
    ['text/html, image/png;q=0.5', 'image/png'],
    ['image/*', 'image/png'],
    ['image/png;q=0.2, image/svg+xml;q=0.9', 'image/svg+xml'],
    ['*/*, image/svg+xml', 'image/svg+xml'],
    ['text/html', 'application/json'],
    ['image/png;q=0', 'application/json'],
  ])('Accept %s gives %s', (accept, expected) => {
    expect(preferredType(accept, ['application/json', 'image/png', 'image/svg+xml'])).toBe(expected);
  });

  it('gives the QR as JSON or as a picture', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const asJson = await t.ask('GET', '/v1/instances/a/qr');
    expect(asJson.body).toEqual({ qr: '2@abc,def,ghi', expiresAt: '2026-01-02T03:04:25.678Z' });
    const picture = await t.ask('GET', '/v1/instances/a/qr', { headers: { accept: 'image/svg+xml' } });
    expect(picture.text).toBe('svg:2@abc,def,ghi');
    expect(picture.headers.get('content-type')).toBe('image/svg+xml');
    expect(picture.headers.get('cache-control')).toBe('no-store');
  });

  it('waits as asked, but never beyond the answer deadline', async () => {
    await using t = await startTestFront({ REQUEST_TIMEOUT_MS: '10000' });
    t.commands.seed('a');
    await t.ask('GET', '/v1/instances/a/qr');
    await t.ask('GET', '/v1/instances/a/qr?wait=2');
    await t.ask('GET', '/v1/instances/a/qr?wait=60');
    expect(t.commands.calls).toEqual(['getQr 0', 'getQr 2000', 'getQr 9500']);
  });

  it('gives a pairing code', async () => {
    await using t = await startTestFront();
    t.commands.seed('a');
    const reply = await t.ask('POST', '/v1/instances/a/pairing-code', {
      body: { phone: '+55 11 98888-7777' },
    });
    expect(reply.body).toEqual({ code: 'ABCD-EFGH', expiresAt: '2026-01-02T03:05:05.678Z' });
  });
});
