/**
 * The facts about our own source that tidy.test.ts checks, read from real syntax trees. TypeScript 7's API is
 * called unstable, but its version is pinned by the lock file; only this file uses it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ast from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Import {
  /** The imported file relative to the root, or the package as written. */
  readonly target: string;
  readonly isLocal: boolean;
  readonly isTypeOnly: boolean;
}

export interface FunctionSize {
  readonly where: string;
  readonly lines: number;
}

export interface SourceFacts {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  /** Lines of the comment that the file opens with, 0 without one. */
  readonly openingLines: number;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionSize[];
  readonly exportedTypes: readonly string[];
  /** Uses worth a rule: `any`, `Date.now`, `setTimeout`, `process.env`, `new SharedArrayBuffer`, … with lines. */
  readonly uses: readonly { readonly what: string; readonly line: number }[];
}

/** Every file below a folder of the root, relative to the root. */
export function filesBelow(folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((name) => !name.includes('node_modules/'));
}

const watchedCalls = ['setTimeout', 'setInterval'];
const watchedMembers = ['Date.now', 'Math.random', 'process.env'];

class Reader {
  readonly imports: Import[] = [];
  readonly functions: FunctionSize[] = [];
  readonly exportedTypes: string[] = [];
  readonly uses: { what: string; line: number }[] = [];
  readonly #file: ast.SourceFile;
  readonly #path: string;

  constructor(file: ast.SourceFile, path: string) {
    this.#file = file;
    this.#path = path;
    file.forEachChild((node) => this.#visit(node));
  }

  #lineOf(position: number): number {
    return this.#file.text.slice(0, position).split('\n').length;
  }

  #textOf(node: ast.Node): string {
    return this.#file.text.slice(node.pos, node.end).trim();
  }

  /** As `#textOf`, without the comments before it. */
  #codeOf(node: ast.Node): string {
    return this.#textOf(node).replace(/^(?:\/\*[\s\S]*?\*\/\s*|\/\/.*\n\s*)+/, '');
  }

  #use(what: string, node: ast.Node): void {
    this.uses.push({ what, line: this.#lineOf(node.end) });
  }

  #visit(node: ast.Node): void {
    this.#readModule(node);
    this.#readFunction(node);
    this.#readUse(node);
    node.forEachChild((child) => this.#visit(child));
  }

  #readModule(node: ast.Node): void {
    if (ast.isImportDeclaration(node))
      this.#addImport(node.moduleSpecifier, /^import type\b/.test(this.#codeOf(node)));
    if (ast.isExportDeclaration(node)) {
      if (node.moduleSpecifier)
        this.#addImport(node.moduleSpecifier, /^export type\b/.test(this.#codeOf(node)));
      if (/^export \*/.test(this.#codeOf(node))) this.#use('export *', node);
    }
    const isDeclaration = ast.isFunctionDeclaration(node) || ast.isClassDeclaration(node);
    if (ast.isExportAssignment(node) || (isDeclaration && /^export default\b/.test(this.#codeOf(node))))
      this.#use('export default', node);
    const isType =
      ast.isInterfaceDeclaration(node) || ast.isTypeAliasDeclaration(node) || ast.isClassDeclaration(node);
    if (isType && node.name && /^export\b/.test(this.#codeOf(node))) this.exportedTypes.push(node.name.text);
  }

  #addImport(specifier: ast.Node, isTypeOnly: boolean): void {
    if (!ast.isStringLiteral(specifier)) return;
    const isLocal = specifier.text.startsWith('.');
    const local = relative(root, resolve(root, dirname(this.#path), specifier.text)).replaceAll('\\', '/');
    this.imports.push({ target: isLocal ? local : specifier.text, isLocal, isTypeOnly });
  }

  #readFunction(node: ast.Node): void {
    const isFunction =
      ast.isFunctionDeclaration(node) ||
      ast.isFunctionExpression(node) ||
      ast.isArrowFunction(node) ||
      ast.isMethodDeclaration(node) ||
      ast.isConstructorDeclaration(node) ||
      ast.isGetAccessorDeclaration(node);
    if (!isFunction || !node.body) return;
    const lines = this.#codeOf(node).split('\n').length;
    this.functions.push({ where: `${this.#path}:${this.#lineOf(node.end) - lines + 1}`, lines });
  }

  #readUse(node: ast.Node): void {
    if (node.kind === ast.SyntaxKind.AnyKeyword) this.#use('any', node);
    if (ast.isCallExpression(node)) {
      const callee = this.#textOf(node.expression);
      if (callee === 'import') this.#readDynamicImport(node);
      if (watchedCalls.includes(callee)) this.#use(callee, node);
    }
    if (ast.isNewExpression(node)) this.#use(`new ${this.#textOf(node.expression)}`, node);
    if (ast.isPropertyAccessExpression(node)) {
      const text = this.#textOf(node);
      if (watchedMembers.includes(text)) this.#use(text, node);
      if (text.startsWith('Atomics.')) this.#use('Atomics', node);
    }
  }

  #readDynamicImport(node: ast.CallExpression): void {
    const [specifier] = node.arguments;
    if (specifier) this.#addImport(specifier, false);
  }
}

function openingLinesOf(text: string): number {
  const comment = /^(?:\/\*[\s\S]*?\*\/|(?:\/\/.*\n)+)/.exec(text.replace(/^#!.*\n/, ''))?.[0] ?? '';
  return comment === '' ? 0 : comment.trimEnd().split('\n').length;
}

function factsOf(file: ast.SourceFile, path: string): SourceFacts {
  const { imports, functions, exportedTypes, uses } = new Reader(file, path);
  const lines = file.text.trimEnd().split('\n').length;
  return { path, lines, openingLines: openingLinesOf(file.text), imports, functions, exportedTypes, uses };
}

/** All TypeScript files of src/, workers/, examples/, test/, bench/ and bin/. */
export function readSources(): SourceFacts[] {
  const api = new API({ cwd: root });
  try {
    const [project] = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] }).getProjects();
    const files = ['src', 'workers', 'examples', 'test', 'bench', 'bin']
      .flatMap(filesBelow)
      .filter((path) => path.endsWith('.ts'));
    return files.flatMap((path) => {
      const file = project?.program.getSourceFile(join(root, path));
      return file ? [factsOf(file, path)] : [];
    });
  } finally {
    api.close();
  }
}
