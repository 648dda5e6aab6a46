/**
 * Tools that the deploy tests check with and that this repository does not bring: PM2, nginx, HAProxy,
 * promtool, systemd-analyze. Looked for in .tmp/tools, where `.ci/tools` puts them, and in the PATH. Without one its
 * tests are skipped by name on a person's machine, and fail where CI is set.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What `.ci/tools` unpacks: packages as they lie in a root folder. */
const unpacked = (process.env['ELENCO_TOOLS'] ?? join(root, '.tmp/tools')).replace(/\/$/, '');

const folders = (): string[] => [
  join(unpacked, 'node_modules/.bin'),
  ...['usr/bin', 'usr/sbin'].map((folder) => join(unpacked, 'root', folder)),
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
];

/** So that an unpacked program finds the libraries unpacked with it. */
export const toolEnvironment = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  LD_LIBRARY_PATH: join(unpacked, 'root/usr/lib/x86_64-linux-gnu'),
});

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
  if (path === null) throw new Error(`${name} is not installed: run .ci/tools`);
  const { status, stdout, stderr } = spawnSync(path, argv, {
    ...{ encoding: 'utf8', timeout: 60_000, env: toolEnvironment() },
  });
  return { status, output: `${stdout}${stderr}` };
}
