/** Short ids, as with git: the beginning of a change-set's id stands for it while no other that the caller may see begins so. */
import type { ChangeView } from '../../../core/changes/index.ts';
import type { Client } from '../../sdk/index.ts';
import { UsageError } from '../output/output.ts';

const WHOLE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Below this a typing error is more likely than a prefix that is meant. */
const MIN_PREFIX = 4;

/** @returns the whole id; what cannot be the beginning of one is left for the service to judge. @throws UsageError */
export async function wholeId(client: Pick<Client, 'changeSets'>, text: string): Promise<string> {
  if (WHOLE.test(text) || !/^[0-9a-f-]+$/.test(text)) return text;
  if (text.length < MIN_PREFIX)
    throw new UsageError(`"${text}" is too short for an id: give at least ${MIN_PREFIX} characters`);
  const [first, second] = await beginningWith(client, text);
  if (first === undefined)
    throw new UsageError(`no change-set that you may see begins with "${text}": nervous list shows them`);
  if (second !== undefined)
    throw new UsageError(`"${text}" is the beginning of ${first.id} and of others: give more of it`);
  return first.id;
}

/** Up to two. Ids sort as texts, so those that begin so come first after it; a page may be empty and not the last. */
async function beginningWith(client: Pick<Client, 'changeSets'>, text: string): Promise<readonly ChangeView[]> {
  const found: ChangeView[] = [];
  for (let after: string | undefined = text; after?.startsWith(text) === true;) {
    const { changes, next } = await client.changeSets({ after, limit: 2 });
    found.push(...changes.filter(({ id }) => id.startsWith(text)));
    after = found.length >= 2 || changes.some(({ id }) => !id.startsWith(text)) ? undefined : next;
  }
  return found;
}
