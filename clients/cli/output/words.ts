/**
 * Differences as lines for people: `+` comes, `-` goes, `~` changes. What a change of roster or risk rules means is said as a
 * sentence about a person, an agent, a role or a rule; everything else by its path.
 */
import type { JsonObject, JsonValue } from '../../../core/canonical/index.ts';
import { POLICY_ENTITY } from '../../../core/changes/index.ts';
import { differences, isList, type Difference, type Step } from './difference.ts';
import { isObject } from '../../../core/values/index.ts';

/** Empty when they are the same. @param entityId whose document it is */
export function differenceLines(entityId: string, before: JsonValue, after: JsonValue): string[] {
  const sentence = entityId === POLICY_ENTITY ? policySentence : undefined;
  return differences(before, after).map((one) => sentence?.(one) ?? lineOf(one, pathOf(one.path)));
}

const MARK: Readonly<Record<Difference['op'], string>> = {
  ...{ add: '+', gain: '+', remove: '-', lose: '-', replace: '~', reorder: '~' },
};

function lineOf(difference: Difference, place: string): string {
  const { op, value } = difference;
  const text = JSON.stringify(value);
  switch (op) {
    case 'add':
    case 'remove':
      return `${MARK[op]} ${place}: ${text}`;
    case 'gain':
    case 'lose':
      return `${MARK[op]} ${place}: ${text}, in the list`;
    case 'replace':
      return `~ ${place}: ${JSON.stringify(difference.before)} → ${text}`;
    case 'reorder':
      return `~ ${place}: the order, ${JSON.stringify(difference.before)} → ${text}`;
  }
}

/** As a JSON pointer (RFC 6901), with members of lists by their names: `/loans[7]/amount`. */
export function pathOf(path: readonly Step[]): string {
  const text = path.map((step) => {
    if (step.kind === 'member') return `[${step.name}]`;
    return `/${step.kind === 'place' ? String(step.at) : step.name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  });
  return path.length === 0 ? 'the document' : text.join('');
}

/** One of the things that roster and risk table consist of. */
interface Thing {
  readonly name: (id: string) => string;
  /** what is worth knowing of one that comes or goes */
  readonly describe: (value: JsonObject) => string;
}

const THINGS: Readonly<Record<string, Thing>> = {
  'roster/people': {
    name: (id) => `person ${id}`,
    describe: ({ roles, accounts, name }) => `${words(roles)} (${words(name)}; accounts ${words(accounts)})`,
  },
  'roster/agents': {
    name: (id) => `agent ${id}`,
    describe: ({ owner, logic, proven, rights }) =>
      `of ${words(owner)}, ${words(logic)}${proven === true ? ', proven' : ''}; ${rightsWords(rights)}`,
  },
  'roster/roles': { name: (id) => `role ${id}`, describe: rightsWords },
  'risk/rules': { name: (id) => `rule "${id}"`, describe: ruleWords },
  'risk/freezes': {
    name: (id) => `freeze "${id}"`,
    describe: ({ from, until }) => `${words(from)} to ${words(until)}`,
  },
};

/** undefined: it has no sentence of its own */
function policySentence(difference: Difference): string | undefined {
  const [part, list, which, ...rest] = difference.path;
  if (part?.kind !== 'key' || list?.kind !== 'key') return undefined;
  const place = `${part.name}/${list.name}`;
  if (place === 'roster/separation') return separationSentence(difference);
  const thing = Object.hasOwn(THINGS, place) ? THINGS[place] : undefined;
  if (thing === undefined || which === undefined || which.kind === 'place') return undefined;
  const subject = thing.name(which.name);
  if (rest.length > 0) return `~ ${subject}: ${partWords(difference, rest)}`;
  if (!isObject(difference.value) || (difference.op !== 'add' && difference.op !== 'remove')) return undefined;
  return `${MARK[difference.op]} ${subject}: ${thing.describe(difference.value)}`;
}

/** `+ roles: auditor` · `level: "L1" → "L0"` */
function partWords(difference: Difference, rest: readonly Step[]): string {
  const place = pathOf(rest).slice(1).replaceAll('/', ' ');
  const { op, value } = difference;
  if (op === 'replace' || op === 'reorder')
    return `${place}: ${op === 'reorder' ? 'the order, ' : ''}${JSON.stringify(difference.before)} → ${JSON.stringify(value)}`;
  return `${MARK[op]} ${place}: ${typeof value === 'string' ? value : JSON.stringify(value)}`;
}

/** Pairs have no name: which came and which went is in their places. */
function separationSentence(difference: Difference): string | undefined {
  const { op, value } = difference;
  if ((op !== 'add' && op !== 'remove') || !isList(value) || difference.path.length !== 3) return undefined;
  const [one, other] = value;
  return op === 'add'
    ? `+ nobody may be both ${words(one)} and ${words(other)}`
    : `- one person may be both ${words(one)} and ${words(other)} from then on`;
}

function ruleWords({ level, approvals, roles, timelockMinutes, enforcement, when }: JsonObject): string {
  const asks = approvals === 0 ? 'asks nobody' : `asks ${words(approvals)} of ${words(roles)}`;
  const wait =
    timelockMinutes === 0 || timelockMinutes === undefined ? '' : `, waits ${words(timelockMinutes)} minutes`;
  const force = enforcement === undefined ? '' : `, ${words(enforcement)}`;
  return `${words(level)}, ${asks}${wait}${force}; when ${JSON.stringify(when)}`;
}

function rightsWords(rights: JsonValue | undefined): string {
  if (!isObject(rights)) return 'no rights';
  const given = Object.entries(rights).filter(([, globs]) => isList(globs) && globs.length > 0);
  return given.length === 0 ? 'no rights' : given.map(([right, globs]) => `${right} ${words(globs)}`).join('; ');
}

function words(value: JsonValue | undefined): string {
  if (isList(value)) return value.length === 0 ? 'none' : value.map(words).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
