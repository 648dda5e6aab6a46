/** The guest of the crash bench: answers, or dies by an error or by its heap limit. */
import { runGuest } from '../src/thread/guest.ts';

type Command = { readonly kind: 'Crash'; readonly way: string } | { readonly kind: 'Echo' };

runGuest<null, Command, { Crash: never; Echo: string }>(() => ({
  receive(message) {
    if (message.kind === 'Echo') return 'serving';
    if (message.way === 'throw') throw new Error('on command');
    // A list and not an array: one large array growth aborts the whole process instead of the thread.
    let kept: object | undefined;
    for (let at = 0; ; at++) kept = { at, before: kept };
  },
}));
