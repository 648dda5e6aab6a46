/** Looks up the instance that a route shows, and which one a caller may see. */
import { AppError } from '../../errors.ts';
import type { Commands, InstanceView } from '../../protocol/commands.ts';
import type { Caller } from '../auth.ts';

export function found(commands: Pick<Commands, 'getInstance'>, id: string): InstanceView {
  const view = commands.getInstance(id);
  if (!view) throw new AppError('instance_not_found', `there is no instance "${id}"`);
  return view;
}

/** The instance that a list or stream is about: a token's own; for the admin key the one asked for, or all (null). */
export function visibleInstance(
  commands: Pick<Commands, 'getInstance'>,
  asked: string | undefined,
  caller: Caller,
): string | null {
  if (caller.kind !== 'instance') return asked === undefined ? null : found(commands, asked).config.id;
  if (asked === undefined || asked === caller.instance) return caller.instance;
  throw new AppError('forbidden', `this key may not use the instance "${asked}"`);
}
