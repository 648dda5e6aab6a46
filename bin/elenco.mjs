#!/usr/bin/env node
// The `elenco` command, run from a clone: finds the pinned Node and hands over to src/cli/main.ts.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOnPinnedNode } from './guard.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
await runOnPinnedNode(join(root, 'src', 'cli', 'main.ts'), process.argv.slice(2));
