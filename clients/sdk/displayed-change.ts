/** Nobody approves what they were not shown: the view is hashed anew before an approval is sent. */
import { bindingProblems, type ChangeView } from '../../core/changes/index.ts';
import { NervousError } from '../../core/errors/index.ts';

/** `NOT_AS_SHOWN`: the change-set as shown is not what its hashes stand for: do not decide, and tell who runs the system. */
export class NotAsShown extends NervousError<'NOT_AS_SHOWN'> {}

/** @throws NotAsShown */
export function assertDisplayedChange(change: ChangeView): void {
  const problems = bindingProblems(change);
  if (problems.length > 0)
    throw new NotAsShown({ code: 'NOT_AS_SHOWN', message: `${change.id}: ${problems.join('; ')}` });
}
