/**
 * Reads a web page for the preview under a link: title, description and picture as its head names them. Runs in
 * the media pool; a page is text that anybody wrote, so it is matched and never executed or parsed as a document.
 */
import { readFile } from 'node:fs/promises';
import { previewDescriptionMaxChars, previewTitleMaxChars } from './limits.ts';

export interface PageFacts {
  readonly title: string | null;
  readonly description: string | null;
  /** As written: relative to the page. */
  readonly picture: string | null;
}

const entities: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' },
};

function decoded(text: string): string {
  const plain = text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{1,10}));/gi, (all, dec, hex, name) => {
    const code = dec ? Number(dec) : hex ? Number.parseInt(hex, 16) : null;
    if (code !== null) return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
    return entities[String(name).toLowerCase()] ?? all;
  });
  return plain.replaceAll(/\s+/g, ' ').trim();
}

function attributesOf(tag: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', double, single, bare] of tag.matchAll(
    /([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g,
  ))
    found.set(name.toLowerCase(), double ?? single ?? bare ?? '');
  return found;
}

export function factsOfPage(html: string): PageFacts {
  const metas = new Map<string, string>();
  for (const [tag] of html.matchAll(/<meta\s[^>]{1,4000}>/gi)) {
    const attributes = attributesOf(tag);
    const name = (attributes.get('property') ?? attributes.get('name') ?? '').toLowerCase();
    const content = attributes.get('content');
    if (name && content && !metas.has(name)) metas.set(name, decoded(content));
  }
  const title = /<title[^>]{0,200}>([^<]{1,2000})/i.exec(html)?.[1];
  const first = (...names: string[]): string | null =>
    names.map((name) => metas.get(name)).find((value) => value) ?? null;
  return {
    title:
      (first('og:title', 'twitter:title') ?? decoded(title ?? ''))?.slice(0, previewTitleMaxChars) || null,
    description:
      first('og:description', 'twitter:description', 'description')?.slice(0, previewDescriptionMaxChars) ??
      null,
    picture: first('og:image:secure_url', 'og:image', 'og:image:url', 'twitter:image'),
  };
}

export async function readPage({ path }: { path: string }): Promise<PageFacts> {
  return factsOfPage(await readFile(path, 'utf8'));
}

/** The first link of a text as it stands there, without the punctuation after it. */
export function linkIn(text: string): string | null {
  return /https?:\/\/[^\s<>"]{3,2000}/i.exec(text)?.[0].replace(/[.,;:!?)\]}'"]+$/, '') ?? null;
}
