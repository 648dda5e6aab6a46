// Plain JavaScript on purpose: it must run on any Node to say which Node is needed.
// Usage: `node bin/guard.mjs FILE [argument …]` runs FILE on Node 24 or newer, in this process where it can.
// `npm run` puts the pinned Node (the npm package `node`) first in the PATH. That package brings its binary
// in an install script; where scripts are off the host's Node would run, and this guard says how to mend it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const neededMajor = 24;

function pinnedNode() {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  const path = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return existsSync(path) ? path : undefined;
}

function respawn(node, argv) {
  const child = spawn(node, [...process.execArgv, ...argv], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

export async function runOnPinnedNode(file, argv) {
  if (Number(process.versions.node.split('.')[0]) >= neededMajor) {
    process.argv = [process.execPath, resolve(file), ...argv];
    await import(pathToFileURL(resolve(file)).href);
    return;
  }
  const node = pinnedNode();
  if (node) return respawn(node, [resolve(file), ...argv]);
  console.error(
    `elenco: needs Node ${neededMajor} or newer, this is ${process.versions.node}. ` +
      'Mend it: run `npm ci` with install scripts on (`npm config set ignore-scripts false`), or install Node 24.',
  );
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runOnPinnedNode(process.argv[2], process.argv.slice(3));
}
