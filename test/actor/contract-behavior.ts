/** The behavior that every kind of actor runs for `contract.ts`. */
import type { Behavior } from '../../src/actor/behavior.ts';
import { AppError } from '../../src/errors.ts';

export type ContractCommand =
  | { readonly kind: 'Add'; readonly number: number }
  | { readonly kind: 'AddLate'; readonly number: number }
  | { readonly kind: 'Get' }
  | { readonly kind: 'Echo'; readonly value: unknown }
  | { readonly kind: 'Block'; readonly ms: number }
  | { readonly kind: 'Fail' }
  | { readonly kind: 'Crash' };
export type ContractReplies = {
  Add: undefined;
  AddLate: undefined;
  Get: number[];
  Echo: unknown;
  Block: undefined;
  Fail: never;
  Crash: never;
};

export function contractBehavior(): Behavior<ContractCommand, ContractReplies> {
  const numbers: number[] = [];
  return {
    receive(message) {
      switch (message.kind) {
        case 'Add':
        case 'AddLate':
          numbers.push(message.number);
          return undefined;
        case 'Get':
          return [...numbers];
        case 'Echo':
          return message.value;
        case 'Block':
          return new Promise((resolve) => setTimeout(resolve, message.ms));
        case 'Fail':
          throw new AppError('conflict', 'on command');
        case 'Crash':
          throw new Error('on command');
      }
    },
  };
}
