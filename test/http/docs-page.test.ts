/** The script of /docs, run over a few lines of DOM: every operation and event of the document is on the page. */
import { afterEach, expect, it, vi } from 'vitest';
import { openapiDocument } from '../../src/http/openapi.ts';
import { allRoutes } from './support/start.ts';

class FakeElement {
  readonly children: (FakeElement | string)[] = [];
  textContent = '';

  setAttribute(): void {}

  append(...children: (FakeElement | string)[]): void {
    this.children.push(...children);
  }

  replaceChildren(...children: (FakeElement | string)[]): void {
    this.children.splice(0, this.children.length, ...children);
  }

  get text(): string {
    const inner = this.children.map((child) => (typeof child === 'string' ? child : child.text));
    return [this.textContent, ...inner].join(' ');
  }
}

afterEach(() => void vi.unstubAllGlobals());

it('shows every operation and event', async () => {
  const routes = allRoutes();
  const parts: Record<string, FakeElement> = {};
  vi.stubGlobal('document', {
    createElement: () => new FakeElement(),
    getElementById: (id: string) => {
      parts[id] ??= new FakeElement();
      return parts[id];
    },
  });
  vi.stubGlobal('fetch', async () => Response.json(openapiDocument(routes, '9.9.9')));
  await import(new URL('../../src/http/docs-page/page.js', import.meta.url).href);
  const page = parts['operations']?.text ?? '';
  for (const { path, summary } of routes) expect(page).toContain(`${path}  — ${summary}`);
  expect(page).toContain('message.received');
  expect(parts['version']?.text).toContain('9.9.9');
  expect(parts['tags']?.text).toContain('webhooks');
});
