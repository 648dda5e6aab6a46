/** Lists of instances with filter and cursor. The order is by id, so that a cursor is stable. Pure. */
import type { InstanceView, Page } from '../protocol/commands.ts';
import type { InstanceState } from '../protocol/instance.ts';

export interface ListQuery {
  readonly state: InstanceState | null;
  readonly q: string | null;
  readonly limit: number;
  /** The last id of the page before. */
  readonly cursor: string | null;
  readonly only: string | null;
}

export function listInstances(all: readonly InstanceView[], query: ListQuery): Page<InstanceView> {
  const matching = all
    .filter((view) => matches(view, query))
    .sort((a, b) => (a.config.id < b.config.id ? -1 : 1));
  const items = matching.slice(0, query.limit);
  const last = items.at(-1);
  return { items, next: matching.length > items.length && last ? last.config.id : null };
}

function matches({ config, status }: InstanceView, query: ListQuery): boolean {
  if (query.only !== null && config.id !== query.only) return false;
  if (query.state !== null && status.state !== query.state) return false;
  if (query.cursor !== null && config.id <= query.cursor) return false;
  return query.q === null || searchText({ config, status }).includes(query.q.toLowerCase());
}

const searchText = ({ config, status }: InstanceView): string =>
  [
    config.id,
    status.me?.pn,
    status.me?.name,
    ...Object.values(config.metadata).filter((v) => typeof v === 'string'),
  ]
    .join(' ')
    .toLowerCase();
