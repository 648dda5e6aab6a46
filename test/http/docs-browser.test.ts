/**
 * /docs in Chromium (skipped where it is not installed, except where CI is set; `.ci/tools` brings it): the
 * whole API is on the page, no script fails, and nothing is asked for beyond the gateway.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findTool, isMissing } from '../deploy/support/tools.ts';
import { allRoutes, startTestFront } from './support/start.ts';

const run = promisify(execFile);
const browserName = 'chromium';
/** Once the page is still; the time of the page, not of the clock. */
const pageTimeMs = 15_000;
/** What Chromium asks for itself, whatever page it shows; of googleapis.com, which has fonts too, its updates only. */
const ownErrand =
  /^(?:CONNECT|GET|POST) (?:https?:\/\/)?(?:[\w-]+\.(?:google|gvt1)|update\.googleapis)\.com[:/]/;
const quiet = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  ...['--disable-default-apps', '--disable-extensions', '--disable-features=MediaRouter,OptimizationHints'],
];

/** Stands where the internet would be, and keeps the first line of everything that asks for it. */
async function startOutside(): Promise<{ url: string; asked: string[]; stop(): void }> {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (data) => {
      asked.push(String(data).split('\r\n')[0] ?? '');
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, stop: () => server.close() };
}

it.skipIf(isMissing(browserName))(
  'Chromium shows every operation and event, and asks for nothing outside (skipped without chromium)',
  async () => {
    await using t = await startTestFront();
    const outside = await startOutside();
    const home = await mkdtemp(join(tmpdir(), 'elenco-docs-'));
    const picture = join(home, 'docs.png');
    const browser = findTool(browserName);
    if (!browser) throw new Error('chromium is not installed: run .ci/tools');
    const { stdout, stderr } = await run(
      browser,
      [
        ...quiet,
        ...[`--user-data-dir=${home}`, `--proxy-server=${outside.url}`, `--screenshot=${picture}`],
        ...[`--virtual-time-budget=${pageTimeMs}`, '--window-size=1100,1600', '--enable-logging=stderr'],
        ...['--dump-dom', `${t.front.url}/docs`],
      ],
      { timeout: 100_000, maxBuffer: 64 * 1_048_576 },
    );
    outside.stop();
    for (const { path, method } of allRoutes())
      expect(stdout).toContain(`<b>${method}</b><code>${path}</code>`);
    expect(stdout).toContain('message.received');
    expect(stdout).not.toContain('Reading /openapi.json');
    expect(stderr).not.toMatch(/CONSOLE.*(?:Error|Refused|violates)/);
    expect(outside.asked.filter((line) => !ownErrand.test(line))).toEqual([]);
    expect((await readFile(picture)).subarray(1, 4).toString()).toBe('PNG');
    const keptAs = process.env['ELENCO_DOCS_PICTURE'];
    if (keptAs) await copyFile(picture, keptAs);
    await rm(home, { recursive: true, force: true });
  },
  120_000,
);
