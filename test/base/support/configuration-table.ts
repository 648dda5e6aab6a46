/**
 * The table of docs/configuration.md, made from the settings. Run this file to write it:
 * `npx node test/base/support/configuration-table.ts`; a test fails while the page is behind.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settings } from '../../../src/config.ts';

export const page = fileURLToPath(new URL('../../../docs/configuration.md', import.meta.url));
const start = '<!-- settings: made from src/config.ts -->';
const end = '<!-- end of settings -->';

const cell = (text: string): string => text.replaceAll('|', '\\|');

export function settingsTable(): string {
  const rows = Object.entries(settings).map(([name, { fallback, takes, about }]) => {
    const shown = fallback === '' ? '' : `\`${fallback}\``;
    return `| \`${name}\` | ${shown} | ${cell(takes)} | ${cell(about)} |`;
  });
  return ['| setting | default | takes | what it is |', '|---|---|---|---|', ...rows].join('\n');
}

/** The page with its table as the settings are now. */
export function updated(text: string): string {
  const [before, rest] = text.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`the page has no "${start}" … "${end}"`);
  return `${before}${start}\n${settingsTable()}\n${end}${after}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(page, updated(readFileSync(page, 'utf8')));
