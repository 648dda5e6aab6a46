/**
 * The repository checks itself: who imports whom, cycles, dead files, sizes, words, and what may be used
 * where. A failure names the file and what to do; the rules are tables in tidy/rules.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  bannedWords,
  confinedUses,
  drawnLayouts,
  entries,
  exemptNames,
  importers,
  roomOf,
  rooms,
  sizes,
} from './tidy/rules.ts';
import { filesBelow, type Import, readSources, root, type SourceFacts } from './tidy/sources.ts';

const sources = readSources();
const product = sources.filter(({ path }) => path.startsWith('src/') || path.startsWith('workers/'));
const byPath = new Map(sources.map((source) => [source.path, source]));
const isTested = (folder: string): boolean => product.some(({ path }) => path.startsWith(`src/${folder}/`));

const startsWithAny = (path: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => (prefix.endsWith('/') ? path.startsWith(prefix) : path === prefix));

const packageOf = (target: string): string =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;

function wrongDirections({ path, imports }: SourceFacts): string[] {
  const room = roomOf(path);
  const allowed = [room, ...(rooms[room] ?? [])];
  const wrong = ({ target, isLocal }: Import): boolean => isLocal && !allowed.includes(roomOf(target));
  return imports
    .filter(wrong)
    .map(({ target }) => `${path} (${room}) may not import ${target} (${roomOf(target)})`);
}

/** Import cycles, each from its first file back to it; imports of types count where `withTypes`. */
function cycles(files: readonly SourceFacts[], withTypes: boolean): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push([...trail.slice(at), path].join(' → '));
    if (at >= 0 || done.has(path)) return;
    const next =
      byPath.get(path)?.imports.filter(({ isLocal, isTypeOnly }) => isLocal && (withTypes || !isTypeOnly)) ??
      [];
    for (const { target } of next) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}

function reachable(): Set<string> {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { target, isLocal } of byPath.get(path)?.imports ?? []) if (isLocal) visit(target);
  };
  for (const path of [...entries, ...filesBelow('workers')]) visit(path);
  return seen;
}

const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);

function bannedIn(name: string, where: string): string[] {
  const words = wordsOf(name).filter(
    (word) => Object.hasOwn(bannedWords, word) && !exemptNames.includes(name),
  );
  return words.map((word) => `${where}: "${name}" says ${word}; say ${bannedWords[word]}`);
}

describe('the rooms', () => {
  it('every folder of src/ is a room that the rules know', () => {
    expect(product.map(({ path }) => roomOf(path)).filter((room) => !Object.hasOwn(rooms, room))).toEqual([]);
    expect(isTested('http')).toBe(true);
  });

  it('import one way only', () => {
    expect(product.flatMap(wrongDirections)).toEqual([]);
  });

  it('have no import cycles', () => {
    expect(cycles(product, false)).toEqual([]);
    // The sandbox's world and its parts know one another's types; at run time they have no cycle either.
    const withoutSandbox = product.filter(
      ({ path }) => roomOf(path) !== 'sandbox' && !entries.includes(path),
    );
    expect(cycles(withoutSandbox, true)).toEqual([]);
  });

  it('have no dead files', () => {
    const alive = reachable();
    const dead = product.map(({ path }) => path).filter((path) => !alive.has(path));
    expect(dead).toEqual([]);
  });
});

describe('libraries and language', () => {
  it.each(Object.entries(importers))('%s is imported only where it belongs', (name, allowed) => {
    const users = product.filter(({ imports }) => imports.some(({ target }) => packageOf(target) === name));
    expect(users.map(({ path }) => path).filter((path) => !startsWithAny(path, allowed))).toEqual([]);
  });

  it.each(Object.entries(confinedUses))('%s is used only where it belongs', (what, allowed) => {
    const users = product.filter(({ path }) => !startsWithAny(path, allowed));
    const uses = users.flatMap(({ path, uses }) =>
      uses.filter((use) => use.what === what).map(({ line }) => `${path}:${line}`),
    );
    expect(uses).toEqual([]);
  });

  // In test/, Biome demands a reason beside each.
  it('there is no `any`', () => {
    const strict = sources.filter(({ path }) => !path.startsWith('test/'));
    const uses = strict.flatMap(({ path, uses }) =>
      uses.filter(({ what }) => what === 'any').map(({ line }) => `${path}:${line}`),
    );
    expect(uses).toEqual([]);
  });

  it('exports are named, and nobody re-exports everything', () => {
    const banned = ['export default', 'export *'];
    const uses = product.flatMap(({ path, uses }) =>
      uses.filter(({ what }) => banned.includes(what)).map(({ what, line }) => `${path}:${line} ${what}`),
    );
    expect(uses).toEqual([]);
  });
});

describe('sizes', () => {
  const functions = product.flatMap((source) => source.functions);
  const fileLines = product.map(({ lines }) => lines);
  const functionLines = functions.map(({ lines }) => lines);

  it('of files', () => {
    const over = product
      .filter(({ lines }) => lines > sizes.fileLinesMax)
      .map(({ path, lines }) => `${path}: ${lines}`);
    expect(over).toEqual([]);
    expect(percentile(fileLines, 0.5)).toBeLessThanOrEqual(sizes.fileLinesMedian);
  });

  it('of functions', () => {
    const over = functions.filter(({ lines }) => lines > sizes.functionLinesMax);
    expect(over).toEqual([]);
    expect(percentile(functionLines, 0.5)).toBeLessThanOrEqual(sizes.functionLinesMedian);
    expect(percentile(functionLines, 0.9)).toBeLessThanOrEqual(sizes.functionLinesP90);
  });

  it('of worker entries', () => {
    const workers = product.filter(({ path }) => path.startsWith('workers/'));
    expect(workers.filter(({ lines }) => lines > sizes.workerLinesMax).map(({ path }) => path)).toEqual([]);
  });
});

describe('names and comments', () => {
  it('files are kebab-case', () => {
    const names = filesBelow('src').map((path) => path.slice(path.lastIndexOf('/') + 1));
    expect(names.filter((name) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)+$/.test(name))).toEqual([]);
  });

  it('say the words of STYLE.md', () => {
    const files = product.flatMap(({ path }) => bannedIn(path.slice(path.lastIndexOf('/') + 1, -3), path));
    const types = product.flatMap(({ path, exportedTypes }) =>
      exportedTypes.flatMap((name) => bannedIn(name, path)),
    );
    expect([...files, ...types]).toEqual([]);
  });

  it('every file opens with a comment that says what it is', () => {
    const wrong = product.filter(
      ({ path, openingLines }) =>
        openingLines < 1 || (openingLines > sizes.openingLinesMax && !drawnLayouts.includes(path)),
    );
    expect(wrong.map(({ path, openingLines }) => `${path}: ${openingLines} lines`)).toEqual([]);
  });

  it('no file names a folder of one machine or a package registry', () => {
    const folders = ['src', 'workers', 'test', 'bench', 'bin', 'docs', 'deploy', '.ci', 'examples'];
    const files = [
      ...folders.flatMap(filesBelow),
      'package.json',
      'package-lock.json',
      'README.md',
      'CHANGELOG.md',
    ];
    const machine = new RegExp(`(?:^|[\\s"'\`(=])/(?:${['home', 'root', 'work', 'Users'].join('|')})/`, 'm');
    const registry = new RegExp(['registry', '[a-z]+', '(?:org|com)/'].join('\\.'));
    const wrong = files.filter((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return machine.test(text) || registry.test(text);
    });
    expect(wrong).toEqual([]);
  });
});
