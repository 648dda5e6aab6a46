/** A guest that loads and never becomes ready. */
import { runGuest } from '../../../src/thread/guest.ts';

runGuest(() => new Promise<never>(() => undefined));
