/**
 * Tools that the deploy tests check with and that this repository does not bring: PM2, nginx, HAProxy,
 * promtool, systemd-analyze. Looked for in the PATH and in .tmp/tools, where CI puts them. Without one its
 * tests are skipped by name on a person's machine, and fail where CI is set.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

const folders = (): string[] => [
  ...(process.env['ELENCO_TOOLS'] ?? '').split(delimiter),
  join(root, '.tmp/tools/node_modules/.bin'),
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
];

/** Where the tool is, or null. */
export function findTool(name: string): string | null {
  const found = folders()
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
  return found ?? null;
}

/** For `it.skipIf`: absent, and nobody promised that it is here. */
export const isMissing = (name: string): boolean => findTool(name) === null && !process.env['CI'];

/** Runs a tool to its end; its output and exit status. */
export function runTool(name: string, argv: readonly string[]): { status: number | null; output: string } {
  const path = findTool(name);
  if (path === null) throw new Error(`${name} is not installed; CI installs it (docs/operations.md)`);
  const { status, stdout, stderr } = spawnSync(path, argv, { encoding: 'utf8', timeout: 60_000 });
  return { status, output: `${stdout}${stderr}` };
}
