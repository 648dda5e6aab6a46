/** The part of the store that the front uses, in memory; commits can be made to fail. */
import type { IdempotencyRecord, Store, StoreWrite } from '../../../src/store/ports.ts';

export class FakeStore implements Pick<Store, 'idempotency' | 'commit'> {
  readonly records = new Map<string, IdempotencyRecord>();
  readonly commits: IdempotencyRecord[] = [];
  beforeCommit: (record: IdempotencyRecord) => Promise<void> = async () => {};

  readonly idempotency = {
    find: async (scope: string, key: string) => this.records.get(`${scope}|${key}`),
  };

  async commit(writes: readonly StoreWrite[]) {
    for (const write of writes) {
      if (write.to !== 'idempotency') throw new Error(`the front may not write ${write.to}`);
      await this.beforeCommit(write.record);
      this.commits.push(write.record);
      this.records.set(`${write.record.scope}|${write.record.key}`, write.record);
    }
  }
}
