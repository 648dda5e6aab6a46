/** The protocol of the test guest `echo.ts`, shared by tests and guest. */
export type Death =
  | 'throw'
  | 'reject'
  | 'timer'
  | 'exit'
  | 'hang'
  | 'heap'
  | 'frozen'
  | { readonly fifo: string }
  | { readonly busyMs: number };

export type EchoCommand =
  | { readonly kind: 'Echo'; readonly value: unknown }
  | { readonly kind: 'Deadline' }
  | { readonly kind: 'Fail'; readonly detail: string }
  | { readonly kind: 'Count'; readonly number: number }
  | { readonly kind: 'GetCount' }
  | { readonly kind: 'Never' }
  | { readonly kind: 'TellHost'; readonly value: unknown }
  | { readonly kind: 'AskHost'; readonly value: unknown }
  | { readonly kind: 'Die'; readonly way: Death };

export type EchoReplies = {
  Echo: unknown;
  Deadline: number | undefined;
  Fail: never;
  Count: undefined;
  GetCount: number[];
  Never: never;
  TellHost: string;
  AskHost: unknown;
  Die: unknown;
};

export type EchoEvent =
  | { readonly kind: 'Told'; readonly value: unknown }
  | { readonly kind: 'Asked'; readonly value: unknown }
  | { readonly kind: 'Drained'; readonly seen: number }
  | { readonly kind: 'Stopped' };
