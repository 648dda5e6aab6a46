/** The messages of the counters example: commands, their replies, and what a counter thread tells its host. */
export type CounterCommand =
  | { readonly kind: 'Increment'; readonly key: string; readonly by: number }
  | { readonly kind: 'GetTotal'; readonly key: string }
  /** Takes a key over with what it counted elsewhere, or lets go of it. */
  | { readonly kind: 'Adopt'; readonly key: string; readonly total: number }
  | { readonly kind: 'Release'; readonly key: string }
  | { readonly kind: 'Crash' };

export type CounterReplies = {
  Increment: number;
  GetTotal: number;
  Adopt: undefined;
  Release: number;
  Crash: never;
};

export type CounterFact = { readonly kind: 'MilestoneReached'; readonly key: string; readonly total: number };

export interface CounterBoot {
  readonly milestone: number;
}
