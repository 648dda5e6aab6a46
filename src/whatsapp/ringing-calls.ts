/** The calls of one socket that ring or rang a moment ago. Fed by `call-events.ts`, asked by `calls.ts`. */
import type { Party } from '../protocol/message.ts';
import { BoundedMap } from './bounded-map.ts';
import { callsKnownMax } from './limits.ts';

export interface Call {
  readonly id: string;
  /** JID of the caller, as WhatsApp named it: a rejection goes there. */
  readonly from: string;
  readonly party: Party;
}

/** Each call is told once when it comes and once when it ends, however often WhatsApp repeats it. */
export class RingingCalls {
  private readonly ringing = new BoundedMap<Call>(callsKnownMax);
  private readonly ended = new BoundedMap<true>(callsKnownMax);

  find(id: string): Call | undefined {
    return this.ringing.get(id);
  }

  /** False where it is known already. */
  begin(call: Call): boolean {
    if (this.ringing.has(call.id) || this.ended.has(call.id)) return false;
    this.ringing.set(call.id, call);
    return true;
  }

  /** False where it had ended already. */
  end(id: string): boolean {
    this.ringing.delete(id);
    if (this.ended.has(id)) return false;
    this.ended.set(id, true);
    return true;
  }
}
