/** The faults, by name: each takes a ground with open instances under traffic and breaks something. */
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ground } from './ground.ts';
import type { Random } from './random.ts';
import type { Member } from './traffic.ts';

export interface ScenarioContext {
  readonly ground: Ground;
  readonly members: readonly Member[];
  readonly random: Random;
  /** How often to break it. */
  readonly rounds: number;
  log(line: string): void;
  /** A ciphertext was corrupted on purpose: a retry of it is no storm. */
  corrupted(): void;
}

export interface Scenario {
  readonly about: string;
  readonly roundsDefault: number;
  /** The gateway runs in this process, so that its threads can be reached. */
  readonly isInProcess?: boolean;
  /** The data folder is a file system of its own, of this size. */
  readonly tmpfsMegabytes?: number;
  readonly env?: Readonly<Record<string, string>>;
  run(context: ScenarioContext): Promise<void>;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** `kill -9` at a random moment after the start, also while instances still log in; every second half with the endpoint down. */
async function killRounds({ ground, random, rounds, log, members }: ScenarioContext): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const isDown = round >= rounds / 2;
    ground.hook.status = isDown ? 503 : 200;
    const aliveMs = 200 + random.below(3_300);
    await wait(aliveMs);
    await ground.kill();
    const startedAt = Date.now();
    await ground.start();
    log(
      `kill ${round + 1}/${rounds} after ${aliveMs} ms, endpoint ${isDown ? 'down' : 'up'}, REST back in ${Date.now() - startedAt} ms`,
    );
  }
  ground.hook.status = 200;
  const startedAt = Date.now();
  await ground.allOpen(members);
  log(`all open ${Date.now() - startedAt} ms after the last kill`);
}

async function dropRounds({ ground, random, rounds, log, members }: ScenarioContext): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await wait(500 + random.below(1_500));
    const phone = random.next() < 0.5 ? undefined : random.pick(members).phone;
    log(`drop ${round + 1}/${rounds}: ${ground.sandbox.dropConnections(phone)} connections`);
  }
  await ground.allOpen(members);
}

/** Stream errors, closes and refusals in turn, for one account or all. */
async function closeRounds({ ground, random, rounds, log, members }: ScenarioContext): Promise<void> {
  const { faults } = ground.sandbox;
  for (let round = 0; round < rounds; round++) {
    await wait(500 + random.below(1_500));
    const kind = random.pick(['drop', 'close', '500', '503', '515', 'end'] as const);
    const phone = random.next() < 0.7 ? random.pick(members).phone : undefined;
    log(`${kind} ${round + 1}/${rounds}: ${faults.close(kind, phone)} connections`);
  }
  await ground.allOpen(members);
}

/** New connections are refused, answered 503 or ignored for a while, and all old ones end. */
async function doorRounds({ ground, random, rounds, log, members }: ScenarioContext): Promise<void> {
  const { faults } = ground.sandbox;
  for (let round = 0; round < rounds; round++) {
    const mode = random.pick(['refuse', 'unavailable', 'refuse'] as const);
    const ms = 1_000 + random.below(4_000);
    faults.door(mode, ms);
    log(`door ${mode} for ${ms} ms: ${faults.close('drop')} connections cut`);
    await wait(ms);
    await ground.allOpen(members);
  }
}

/** Connections stay open and answer nothing: the gateway must find out by itself. */
async function freezeRounds({ ground, random, rounds, log, members }: ScenarioContext): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const { phone, id } = random.pick(members);
    ground.sandbox.faults.freeze(phone);
    const frozenAt = Date.now();
    const connects = (): number =>
      ground.sandbox.stats().perAccount.find((account) => account.phone === phone)?.counts.logins ?? 0;
    const before = connects();
    await ground.until(() => connects() > before, `${id} is recycled`);
    log(`freeze ${round + 1}/${rounds}: ${id} recycled after ${Date.now() - frozenAt} ms`);
    await ground.allOpen(members);
  }
}

/** Threads of the gateway are killed, each at most five times a minute (more would escalate, as it should). */
async function shardRounds({ ground, random, rounds, log, members }: ScenarioContext): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await wait(2_000 + random.below(6_000));
    const shard = round % ground.inProcess.actors.shards.length;
    const startedAt = Date.now();
    await ground.inProcess.actors.shards[shard]?.crash();
    await ground.allOpen(members);
    log(`shard ${shard} killed ${round + 1}/${rounds}: all open after ${Date.now() - startedAt} ms`);
  }
}

/** Single stanzas are corrupted, duplicated, delayed or reordered: the retry cycle runs. */
async function stanzaRounds(context: ScenarioContext): Promise<void> {
  const { ground, random, rounds, log } = context;
  for (let round = 0; round < rounds; round++) {
    await wait(300 + random.below(700));
    const effect = random.pick(['corrupt', 'duplicate', 'delay', 'reorder'] as const);
    ground.sandbox.faults.stanza({ effect, direction: 'toAccount', tag: 'message', count: 1, delayMs: 300 });
    if (effect === 'corrupt') context.corrupted();
    log(`${effect} ${round + 1}/${rounds}`);
  }
  await wait(1_000);
}

/** The disk of the data folder (a small tmpfs) is full for a while. */
async function diskRounds({ ground, rounds, log, members }: ScenarioContext): Promise<void> {
  const filler = join(ground.dir, 'data', 'filler');
  for (let round = 0; round < rounds; round++) {
    await wait(1_000);
    await fill(filler);
    const refusal = await ground.untilRefused(members[0]?.id ?? '');
    log(`full ${round + 1}/${rounds}: a send answers ${refusal.status} ${refusal.code}`);
    const health = await ground.call('GET', '/monitoring/health');
    log(`while full the process lives: health says ${health.status}`);
    await wait(1_500);
    await rm(filler);
    await ground.allOpen(members);
  }
}

/** Writes until the file system has no room left: a megabyte each 20 ms, as a log that grows fast. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  const block = Buffer.alloc(1_048_576, 1);
  try {
    for (;;) {
      await file.write(block);
      await wait(20);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  kill: {
    about: 'kill -9 of the gateway, half of them while the endpoint is down',
    roundsDefault: 20,
    run: killRounds,
  },
  drop: { about: 'connections end without a word, one or all', roundsDefault: 20, run: dropRounds },
  close: { about: 'stream errors and closes of every kind', roundsDefault: 20, run: closeRounds },
  door: { about: 'the server refuses or answers 503 for a while', roundsDefault: 5, run: doorRounds },
  freeze: { about: 'a connection stays open and deaf', roundsDefault: 2, run: freezeRounds },
  shard: { about: 'shard threads are killed', roundsDefault: 10, isInProcess: true, run: shardRounds },
  disk: {
    about: 'the disk is full for a while (needs root, for a small tmpfs)',
    roundsDefault: 3,
    tmpfsMegabytes: 64,
    env: { DISK_RESERVE_MB: '16' },
    run: diskRounds,
  },
  stanza: {
    about: 'stanzas are corrupted, duplicated, delayed, reordered',
    roundsDefault: 40,
    run: stanzaRounds,
  },
};
