/** Moving one instance between gateways while both run: what the front asks of the main thread. */
import type { InstanceView } from './commands.ts';
import type { Upload } from './media.ts';

export interface Transfers {
  /** Settings and session of an instance, sealed with the passphrase. Only one gateway may run it. */
  exportInstance(id: string, passphrase: string): Promise<Uint8Array>;
  /** Adds the instance of an export; `stopped` unless `connect`. The upload stays the caller's. */
  importInstance(
    upload: Upload,
    options: { readonly passphrase: string; readonly connect: boolean },
  ): Promise<InstanceView>;
}
