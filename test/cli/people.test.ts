/** `elenco instances`, `qr`, `send` and `logs`: the real command against a real gateway wired to the sandbox. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program } from '../e2e/support/program.ts';
import { adminKey, type Stage, startStage } from '../e2e/support/stage.ts';

const echoing = '5511987654321';
let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
  await stage.openInstance('sales');
});
afterAll(() => stage.stop());

const begin = (argv: readonly string[], env: Record<string, string> = {}): Program =>
  new Program('bin/elenco.mjs', argv, { ELENCO_URL: stage.gateway.url, ELENCO_KEY: adminKey, ...env });

async function run(...argv: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = begin(argv);
  const code = await program.exited;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

const texts = (): string[] =>
  stage.hook.of('message.received').map(({ data }) => String((data as { text: string }).text));

describe('elenco instances', () => {
  it('shows a table, or the answers of the API', async () => {
    const { code, stdout } = await run('instances');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ID +STATE +SINCE +NUMBER/);
    expect(stdout).toMatch(/^sales +open +\S+Z +\+\d+/m);
    const listed = JSON.parse((await run('instances', '--json')).stdout);
    expect(listed).toEqual([expect.objectContaining({ id: 'sales', state: 'open' })]);
    expect((await run('instances', '--state', 'failed')).stdout).toBe('no instances\n');
  });
});

describe('elenco qr', () => {
  it('draws the code and ends when the phone has scanned it', async () => {
    await stage.call('POST', '/v1/instances', { id: 'new' });
    const program = begin(['qr', 'new', '--json']);
    const [, qr = ''] = await program.says(/"qr":"([^"]+)"/);
    await stage.sandbox.scan(qr);
    expect(await program.exited).toBe(0);
    expect(JSON.parse(program.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      state: 'open',
      me: { pn: expect.stringMatching(/^\d+@/) },
    });
    expect(await run('qr', 'new')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^new is open as \+\d+/),
    });
  });

  it('as blocks that a terminal shows', async () => {
    await stage.call('POST', '/v1/instances', { id: 'drawn' });
    const program = begin(['qr', 'drawn']);
    await program.says(/drawn: on the phone, .* Valid until \S+Z/);
    const lines = stripVTControlCharacters(program.stdout).split('\n');
    expect(lines.filter((line) => /^[▀▄█ ]{40,}$/.test(line)).length).toBeGreaterThan(20);
    program.kill('SIGINT');
    await program.exited;
  });
});

describe('elenco send', () => {
  it('sends once under one idempotency key, and the contact has it', async () => {
    const first = await run('send', 'sales', echoing, 'from the shell', '--idempotency-key', 'shell-1');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^(sent|delivered): \S+ to \+\d+\n$/);
    const again = await run(
      'send',
      'sales',
      echoing,
      'from the shell',
      '--idempotency-key',
      'shell-1',
      '--json',
    );
    expect(JSON.parse(again.stdout)).toMatchObject({ text: 'from the shell', fromMe: true });
    await stage.hook.until(() => texts().some((text) => text.includes('from the shell')), 'the echo');
    const sent = await run('send', 'sales', echoing, '--wait', 'delivered', '--', '-- no option');
    expect(sent.stdout).toMatch(/^(delivered|read): /);
    await stage.hook.until(() => texts().some((text) => text.includes('-- no option')), 'the second echo');
    expect(texts().filter((text) => text.includes('from the shell'))).toHaveLength(1);
  });
});

describe('elenco send --file', () => {
  const reader = '5511987657002';
  const received = (id: string) => {
    const found = stage.sandbox.receivedBy(reader).find((message) => message.id === id)?.message;
    return { message: found, file: found && stage.sandbox.fileOf(found) };
  };

  it('sends a file as its ending says, byte by byte, with its name and a caption', async () => {
    const path = join(stage.dir, 'peça.pdf');
    const file = randomBytes(3_000_000);
    await writeFile(path, file);
    const argv = ['send', 'sales', reader, 'act 1', '--file', path, '--wait', 'delivered', '--json'];
    const { code, stdout, stderr } = await run(...argv);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { message, file: sent } = received(JSON.parse(stdout).id);
    expect(message?.documentWithCaptionMessage?.message?.documentMessage).toMatchObject({
      ...{ fileName: 'peça.pdf', caption: 'act 1', mimetype: 'application/pdf' },
    });
    expect(sent?.equals(file)).toBe(true);
  });

  it('without a caption, and as --type says', async () => {
    const path = join(stage.dir, 'a.jpg');
    const picture = await sharp({
      create: { width: 32, height: 32, channels: 3, background: '#336699' },
    })
      .toFormat('jpeg')
      .toBuffer();
    await writeFile(path, picture);
    const image = await run('send', 'sales', reader, '--file', path, '--wait', 'delivered', '--json');
    const shown = received(JSON.parse(image.stdout).id);
    expect(shown.message?.imageMessage).toMatchObject({ mimetype: 'image/jpeg', width: 32 });
    expect(shown.file?.equals(picture)).toBe(true);
    const argv = [
      'send',
      'sales',
      reader,
      '--file',
      path,
      '--type',
      'document',
      '--wait',
      'delivered',
      '--json',
    ];
    const document = received(JSON.parse((await run(...argv)).stdout).id);
    expect(document.message?.documentMessage).toMatchObject({ fileName: 'a.jpg', mimetype: 'image/jpeg' });
  });
});

describe('elenco logs', () => {
  it('follows events, and goes on from a position', async () => {
    const live = begin(['logs', 'sales', '--json']);
    await saidOnStderr(live, 'following');
    await run('send', 'sales', echoing, 'is it logged');
    const [, position = ''] = await live.says(/"position":"(\d+)".*"message.received".*is it logged/);
    live.kill('SIGINT');
    await live.exited;
    await run('send', 'sales', echoing, 'and what came after');
    const resumed = begin(['logs', 'sales', '--after', position]);
    await resumed.says(/Z sales message\.received from \+\d+: .*and what came after/);
    expect(resumed.stdout).not.toMatch(/message\.received .*is it logged/);
    resumed.kill('SIGINT');
    await resumed.exited;
  });
});

describe('what goes wrong', () => {
  it.each([
    [['send', 'nobody', echoing, 'x'], {}, 1, /^elenco: instance_not_found: /],
    [['send', 'sales', '5511900000000', 'x'], {}, 1, /^elenco: not_on_whatsapp: /],
    [['send', 'sales', echoing], {}, 2, /^elenco: say: elenco send ID TO TEXT/],
    [['send', 'sales', echoing, 'x', '--wait', 'long'], {}, 2, /--wait: got "long", takes queued, server/],
    [['send', 'sales', echoing, 'x', '--type', 'image'], {}, 2, /^elenco: say: elenco send ID TO TEXT/],
    [['send', 'sales', echoing, '--file', '/nowhere'], {}, 2, /--file: "\/nowhere" cannot be read: ENOENT/],
    [['send', 'sales', echoing, '--file', 'README.md', '--type', 'x'], {}, 2, /--type: got "x", takes image/],
    [
      ['send', 'sales', echoing, '--file', 'README.md', '--type', 'image'],
      {},
      1,
      /^elenco: conversion_failed: /,
    ],
    [['logs', '--colour'], {}, 2, /Unknown option '--colour'/],
    [['logs', '--types', 'nonsense'], {}, 1, /^elenco: validation_failed: /],
    [['instances'], { ELENCO_KEY: 'wrong-key' }, 1, /^elenco: unauthorized: /],
    [['instances'], { ELENCO_KEY: '', API_KEY: '' }, 2, /no key: give --key, or set ELENCO_KEY or API_KEY/],
    [['instances'], { ELENCO_URL: 'localhost:3000' }, 2, /ELENCO_URL: got "localhost:3000", takes an http/],
    [
      ['instances'],
      { ELENCO_URL: 'http://127.0.0.1:9' },
      3,
      /no answer from http:\/\/127.0.0.1:9.* Is it running/,
    ],
  ] as const)('elenco %j %j exits with %i', async (argv, env, code, line) => {
    const program = begin(argv, env);
    expect(await program.exited).toBe(code);
    expect(program.stderr).toMatch(line);
    expect(program.stdout).toBe('');
  });

  it('--help says how, for every command', async () => {
    const { code, stdout } = await run('send', '--help');
    expect(code).toBe(0);
    expect(stdout).toContain('elenco send ID TO TEXT|-');
  });
});

async function saidOnStderr(program: Program, text: string): Promise<void> {
  while (!program.stderr.includes(text)) await new Promise((resolve) => setTimeout(resolve, 5));
}
