/**
 * Export and import of one instance while the gateway runs. The rows are read and written in a thread of their
 * own (src/backup/transfer.ts); here is what the running gateway adds: room for one more, no other creation
 * meanwhile, a shard, its webhook, and the owner's hand-over.
 */
import { leastLoaded } from '../actor/placement.ts';
import { type TransferDone, type TransferRun, transferInWorker } from '../backup/transfer.ts';
import { iso } from '../clock.ts';
import { AppError } from '../errors.ts';
import { askTimeoutMs } from '../limits.ts';
import type { InstanceView } from '../protocol/commands.ts';
import type { Upload } from '../protocol/media.ts';
import type { Transfers } from '../protocol/transfers.ts';
import type { StoreIdentity } from '../store/ports.ts';
import { type Hosts, Owners } from './owners.ts';

export interface TransfersOptions extends Hosts {
  readonly dataDir: string;
  readonly dataKey: string | null;
  readonly identity: StoreIdentity;
  readonly version: string;
  /** Where the file of a request lies. */
  pathOf(upload: Upload): string;
}

function idOf(done: TransferDone): string {
  if (done.kind === 'found' || done.kind === 'imported') return done.instance;
  throw new AppError('internal', `an import answered ${done.kind}`);
}

const asked = { timeoutMs: askTimeoutMs };

export class InstanceTransfers implements Transfers {
  #options: TransfersOptions;
  #owners: Owners;

  constructor(options: TransfersOptions) {
    this.#options = options;
    this.#owners = new Owners(options);
  }

  async exportInstance(id: string, passphrase: string): Promise<Uint8Array> {
    const { directory, dataDir, dataKey, clock, version } = this.#options;
    directory.find(id);
    const madeAt = iso(clock.now());
    const done = await this.#run({
      ...{ kind: 'export', dataDir, dataKey, passphrase, instance: id, madeAt, version },
    });
    if (done.kind !== 'exported') throw new AppError('internal', `an export answered ${done.kind}`);
    return done.bytes;
  }

  async importInstance(
    upload: Upload,
    { passphrase, connect }: { passphrase: string; connect: boolean },
  ): Promise<InstanceView> {
    const { directory, dataDir, dataKey, identity, locks, maxInstances, pathOf } = this.#options;
    const sealed = { dataDir, dataKey, passphrase, file: pathOf(upload) };
    const id = idOf(await this.#run({ kind: 'look', ...sealed }));
    directory.assertRoom(id, maxInstances);
    return locks.all(['create', id], async () => {
      directory.assertRoom(id, maxInstances);
      return this.#adopt(idOf(await this.#run({ kind: 'import', identity, ...sealed })), connect);
    });
  }

  /** The rows are there: from here on it is an instance as any other, or gone again. */
  async #adopt(id: string, connect: boolean): Promise<InstanceView> {
    const { directory, webhooks, shardElus } = this.#options;
    try {
      const { config } = await directory.adopt(id, leastLoaded(directory.loads(shardElus())));
      await webhooks.ask({ kind: 'ConfigureWebhook', webhook: id, config: config.webhook }, asked);
      return await this.#owners.host(config, connect);
    } catch (error) {
      await directory.remove(id);
      throw error;
    }
  }

  async #run(run: TransferRun): Promise<TransferDone> {
    const done = await transferInWorker(run);
    if (done.kind !== 'refused') return done;
    throw new AppError(done.isTaken ? 'instance_exists' : 'validation_failed', `the export: ${done.why}`);
  }
}
