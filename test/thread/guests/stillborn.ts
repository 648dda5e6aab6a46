/** A guest whose behavior cannot be built. */
import { runGuest } from '../../../src/thread/guest.ts';

runGuest(() => Promise.reject(new Error('cannot be built')));
