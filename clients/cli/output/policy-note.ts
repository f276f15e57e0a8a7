/** Whether an edited configuration waits to be proposed: once a ledger has a policy, roster and risk rules in the file change nothing. */
import { policyJson, POLICY_ENTITY } from '../../../core/changes/index.ts';
import type { NervousConfig, NervousSystem } from '../../../core/system/index.ts';
import { differenceLines } from './words.ts';

const SHOWN_LINES = 12;

/** undefined: the configuration says what is in force. @param place as the commands to be typed name it */
export async function policyNote(
  { policy, governing }: Pick<NervousSystem, 'policy' | 'governing'>,
  config: Pick<NervousConfig, 'roster' | 'risk'>,
  place: { readonly config: string; readonly data: string },
): Promise<string | undefined> {
  const people = policy.roster.people.flatMap(({ accounts }) => accounts.flatMap((id) => policy.principal(id) ?? []));
  const [reader] = people;
  if (reader === undefined) return undefined; // nobody could propose anything either
  const { document, asConfigured, version } = await governing.policy(reader);
  if (asConfigured) return undefined;
  const lines = differenceLines(POLICY_ENTITY, policyJson(document), policyJson(config));
  const more = lines.length > SHOWN_LINES ? [`  and ${lines.length - SHOWN_LINES} more: nervous policy diff`] : [];
  const proposer = people.find((one) => policy.may(one, 'proposes', POLICY_ENTITY))?.id ?? '<who may>';
  const at = `--config ${place.config} --data ${place.data} --as ${proposer}`;
  return [
    `nervous: the configuration's roster or risk rules are NOT in force: the ledger goes by version ${version}. What differs:`,
    ...lines.slice(0, SHOWN_LINES).map((line) => `  ${line}`),
    ...more,
    `  propose it: nervous policy propose --rationale "why" ${at}`,
  ].join('\n');
}
