/** Looks an instance up for a route that shows it. */
import { AppError } from '../../errors.ts';
import type { Commands, InstanceView } from '../../protocol/commands.ts';

export function found(commands: Pick<Commands, 'getInstance'>, id: string): InstanceView {
  const view = commands.getInstance(id);
  if (!view) throw new AppError('instance_not_found', `there is no instance "${id}"`);
  return view;
}
