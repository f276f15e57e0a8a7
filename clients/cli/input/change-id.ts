/** Short ids of change-sets: found by asking for those that begin so, because there may be many. */
import type { ChangeView } from '../../../core/changes/index.ts';
import type { Client } from '../../sdk/index.ts';
import { UsageError } from '../output/output.ts';
import { MAX_LISTED, onlyOne } from './short-id.ts';

const WHOLE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Below this a typing error is more likely than a prefix that is meant. */
const MIN_PREFIX = 4;

/** @returns the whole id; what cannot be the beginning of one is left for the service to judge. @throws UsageError */
export async function wholeId(client: Pick<Client, 'changeSets'>, text: string): Promise<string> {
  if (WHOLE.test(text) || !/^[0-9a-f-]+$/.test(text)) return text;
  if (text.length < MIN_PREFIX)
    throw new UsageError(`"${text}" is too short for an id: give at least ${MIN_PREFIX} characters`);
  const found = await beginningWith(client, text);
  if (found.length === 0)
    throw new UsageError(`no change-set that you may see begins with "${text}": nervous changes list shows them`);
  const named = found.map(({ id, state, title }) => ({ id, about: `${state}  ${title}` }));
  return onlyOne(text, named, 'change-sets');
}

/** As many as are listed, and one more. Ids sort as texts, so those that begin so come first after it; a page may be empty and not the last. */
async function beginningWith(client: Pick<Client, 'changeSets'>, text: string): Promise<readonly ChangeView[]> {
  const found: ChangeView[] = [];
  for (let after: string | undefined = text; after?.startsWith(text) === true;) {
    const { changes, next } = await client.changeSets({ after, limit: MAX_LISTED + 1 });
    found.push(...changes.filter(({ id }) => id.startsWith(text)));
    after = found.length > MAX_LISTED || changes.some(({ id }) => !id.startsWith(text)) ? undefined : next;
  }
  return found;
}
