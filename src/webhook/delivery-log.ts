/** The last attempts of one lane, for `GET …/webhook/deliveries`: a ring of fixed size, newest first. */
import type { DeliveryStatus, DeliveryView } from '../protocol/webhook.ts';
import { deliveriesKept } from './limits.ts';

export class DeliveryLog {
  readonly #views: DeliveryView[] = [];
  #next = 0;

  add(view: DeliveryView): void {
    this.#views[this.#next % deliveriesKept] = view;
    this.#next += 1;
  }

  list(status: DeliveryStatus | null, limit: number): DeliveryView[] {
    const found: DeliveryView[] = [];
    const oldest = Math.max(0, this.#next - deliveriesKept);
    for (let at = this.#next - 1; at >= oldest && found.length < limit; at--) {
      const view = this.#views[at % deliveriesKept];
      if (view && (status === null || view.result === status)) found.push(view);
    }
    return found;
  }
}
