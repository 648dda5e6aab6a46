/**
 * The actor threads as the main thread sees them: what waits, what came too late, what was refused, how often a
 * thread was started. Registered once by the gateway; reads counters only and asks nobody.
 */
import type { MetricRegistry } from '../monitoring/metrics.ts';
import type { HostLoad } from '../thread/host.ts';

interface Counted {
  readonly name: string;
  readonly load: HostLoad;
}

const gauges = [
  ['elenco_actor_messages_in_flight', 'Messages accepted and not finished', 'messagesInFlight'],
  ['elenco_actor_asks_in_flight', 'Questions not answered yet', 'asksInFlight'],
] as const;
const counters = [
  ['elenco_actor_asks_timed_out_total', 'Questions not answered in time', 'asksTimedOut'],
  ['elenco_actor_refused_total', 'Messages refused: mailbox full, restarting or stopped', 'refused'],
  ['elenco_actor_starts_total', 'How often its thread was started', 'starts'],
] as const;

export function registerActorMetrics(registry: MetricRegistry, actors: readonly Counted[]): void {
  const each = (what: keyof HostLoad) => () => actors.map(({ name, load }) => [name, load[what]] as const);
  for (const [name, help, what] of gauges) registry.measuredEach(name, help, 'actor', each(what));
  for (const [name, help, what] of counters) registry.measuredTotalEach(name, help, 'actor', each(what));
}
