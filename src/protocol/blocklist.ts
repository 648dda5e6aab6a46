/** Whom an account has blocked. Addresses in inputs are as the caller wrote them. */
import type { Party } from './message.ts';

export interface BlocklistActions {
  GetBlocklist: { readonly input: Record<never, never>; readonly reply: readonly Party[] };
  SetBlocked: {
    readonly input: { readonly address: string; readonly isBlocked: boolean };
    readonly reply: null;
  };
}
