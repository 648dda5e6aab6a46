/** The number of shards changes between two starts over one store: what stands, what moves, what is proposed. */
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { Directory } from '../../src/directory/directory.ts';
import { openStore } from '../../src/store/lmdb/open.ts';
import { optionsFor, scratchFolder, someConfig } from '../store/records.ts';

it('fewer shards take over what is left, more propose moves and make none', async () => {
  const store = await openStore(optionsFor(scratchFolder()));
  onTestFinished(() => store.close());
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  await store.commit(
    ids.map((id, at) => ({ to: 'instanceConfig', id, value: { ...someConfig(id), shard: at % 3 } }) as const),
  );
  const shardsOf = async (): Promise<number[]> => {
    const configs = await store.instances.configs();
    return ids.map((id) => configs.find((config) => config.id === id)?.shard ?? -1);
  };

  expect(await new Directory(store, systemClock).load(3)).toEqual([]);
  expect(await shardsOf()).toEqual([0, 1, 2, 0, 1, 2]);
  expect(await new Directory(store, systemClock).load(2)).toEqual([]);
  expect(await shardsOf()).toEqual([0, 1, 0, 0, 1, 1]);

  const moves = await new Directory(store, systemClock).load(3);
  expect(await shardsOf()).toEqual([0, 1, 0, 0, 1, 1]);
  expect(moves.map(({ from, to }) => [from, to])).toEqual([
    [0, 2],
    [1, 2],
  ]);
});
