/** The faults, by name: each takes a ground with open instances under traffic and breaks something. */
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
}

export interface Scenario {
  readonly about: string;
  readonly roundsDefault: number;
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

export const scenarios: Readonly<Record<string, Scenario>> = {
  kill: {
    about: 'kill -9 of the gateway, half of them while the endpoint is down',
    roundsDefault: 20,
    run: killRounds,
  },
  drop: { about: 'connections end without a word, one or all', roundsDefault: 20, run: dropRounds },
};
