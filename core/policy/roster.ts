/**
 * Who exists: people with their accounts and roles, agents with their owners, modules with their rights. Quorum counts
 * people, so every account leads to exactly one person. Declared in nervous.config.ts; nothing undeclared is allowed.
 */
import * as z from 'zod';
import type { PersonId } from '../brands/index.ts';

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'use 1-64 of A-Z a-z 0-9 . _ - starting with a letter or digit');
/** `transactions.new`, `transactions.*` (one or more trailing segments) or `*` */
const topicGlob = z.string().regex(/^(\*|[a-z0-9_-]+(\.[a-z0-9_-]+)*(\.\*)?)$/, 'use domain.name, domain.* or *');
/** an entity id, or a prefix of one ending in `*` */
const entityGlob = z.string().regex(/^[A-Za-z0-9._:/-]*\*?$/, 'use an entity id or a prefix ending in *');

export const rightsSchema = z.strictObject({
  publishes: z.array(topicGlob).default([]),
  subscribes: z.array(topicGlob).default([]),
  reads: z.array(entityGlob).default([]),
  proposes: z.array(entityGlob).default([]),
  /** entities whose confidential fields may be seen */
  reveals: z.array(entityGlob).default([]),
  /** entities on which soft approval rules may be overridden in an emergency (break-glass); every use is reviewed */
  overrides: z.array(entityGlob).default([]),
  /** work that it may claim (docs/work.md) */
  claims: z.array(entityGlob).optional(),
  /** work that it may take from whoever holds it; every time takes a reason */
  steals: z.array(entityGlob).optional(),
});

/** The role that sees all subscriptions, dead letters, stops and change-sets, and sets deliveries going again. */
export const OPERATOR = 'operator';
/** What it may have besides: nothing that says or changes anything. */
const OF_OPERATORS: ReadonlySet<string> = new Set(['reads'] satisfies (keyof Rights)[]);

export const rosterSchema = z.strictObject({
  /** rights that come with a role; `auditor` may read everything by definition */
  roles: z.record(name, rightsSchema),
  people: z.array(
    z.strictObject({
      personId: name.brand<'PersonId'>(),
      name: z.string().min(1).max(100),
      accounts: z.array(name).min(1),
      roles: z.array(name).min(1),
    }),
  ),
  agents: z.array(
    z.strictObject({
      id: name,
      /** personId of the human who answers for it; excluded from deciding on its proposals */
      owner: name,
      /** algorithm version, recorded in every entry the agent causes */
      logic: z.string().min(1).max(100),
      /** people have seen enough of its work; a fact that risk rules may ask for */
      proven: z.boolean().default(false),
      rights: rightsSchema,
    }),
  ),
  /** separation of duties: pairs of roles that no person may hold both */
  separation: z.array(z.tuple([name, name])).default([]),
});

export const modulesSchema = z.record(
  name,
  rightsSchema.extend({
    description: z.string().min(1).max(300).optional(),
    /** entities of which it may record what other systems kept (docs/migrating.md). Of modules alone: nobody's role brings it */
    imports: z.array(entityGlob).optional(),
  }),
);

export type Rights = z.output<typeof rightsSchema>;
export type Roster = z.output<typeof rosterSchema>;
export type Person = Roster['people'][number];
export type Agent = Roster['agents'][number];
export type Modules = z.output<typeof modulesSchema>;

/** The authenticated caller. `id` is the account, agent or module id; a person may have several accounts. */
export type Principal =
  | { readonly kind: 'person'; readonly id: string; readonly personId: PersonId }
  | { readonly kind: 'agent'; readonly id: string; readonly owner: string; readonly logic: string }
  | { readonly kind: 'module'; readonly id: string }
  /** An outside source whose events the configuration lets in, as these topics. It has no credentials and may do nothing else. */
  | { readonly kind: 'service'; readonly id: string; readonly publishes: readonly string[] };

/** Every account, agent and module id of the configuration, each leading to its principal. */
export function principalsOf(roster: Roster, modules: Modules): ReadonlyMap<string, Principal> {
  const principals = new Map<string, Principal>();
  for (const person of roster.people) {
    for (const id of person.accounts) principals.set(id, { kind: 'person', id, personId: person.personId });
  }
  for (const { id, owner, logic } of roster.agents) principals.set(id, { kind: 'agent', id, owner, logic });
  // A later configuration may name a module like somebody of the roster in force: the roster has the id.
  for (const id of Object.keys(modules)) if (!principals.has(id)) principals.set(id, { kind: 'module', id });
  return principals;
}

export interface RosterProblem {
  readonly path: (string | number)[];
  readonly message: string;
}

/** What is contradictory in a roster, as `path: problem`; empty when it is sound. */
export function rosterProblems(roster: Roster, modules: Modules): RosterProblem[] {
  const problems: RosterProblem[] = [];
  const seen = new Map<string, string>();
  const claim = (id: string, by: string, path: (string | number)[]): void => {
    const other = seen.get(id);
    if (other !== undefined)
      problems.push({
        path,
        message: `"${id}" already names ${other}: every account, agent and module needs its own id`,
      });
    seen.set(id, by);
  };
  roster.people.forEach((person, i) => {
    if (roster.people.findIndex((other) => other.personId === person.personId) !== i) {
      problems.push({
        path: ['roster', 'people', i, 'personId'],
        message: `"${person.personId}" appears twice: list all accounts under one person`,
      });
    }
    person.accounts.forEach((account, j) =>
      claim(account, `an account of ${person.personId}`, ['roster', 'people', i, 'accounts', j]),
    );
    person.roles.forEach((role, j) => {
      if (!Object.hasOwn(roster.roles, role))
        problems.push({
          path: ['roster', 'people', i, 'roles', j],
          message: `role "${role}" is not declared in roster.roles`,
        });
    });
  });
  roster.agents.forEach((agent, i) => {
    claim(agent.id, 'an agent', ['roster', 'agents', i, 'id']);
    if (!roster.people.some((person) => person.personId === agent.owner)) {
      problems.push({
        path: ['roster', 'agents', i, 'owner'],
        message: `"${agent.owner}" is not a person in the roster: an agent needs a human owner`,
      });
    }
  });
  for (const id of Object.keys(modules)) claim(id, 'a module', ['modules', id]);
  return [...problems, ...operatorProblems(roster), ...separationProblems(roster)];
}

/** The pair of these roles that the roster keeps apart, if one person would hold both. */
export function separationConflict(
  { separation }: Pick<Roster, 'separation'>,
  roles: readonly string[],
): readonly [string, string] | undefined {
  return separation.find((pair) => pair.every((role) => roles.includes(role)));
}

function operatorProblems({ roles }: Roster): RosterProblem[] {
  const rights = Object.hasOwn(roles, OPERATOR) ? roles[OPERATOR] : undefined;
  return Object.entries(rights ?? {})
    .filter(([right, subjects]) => !OF_OPERATORS.has(right) && subjects !== undefined && subjects.length > 0)
    .map(([right]) => ({
      path: ['roster', 'roles', OPERATOR, right],
      message: `the role "${OPERATOR}" may only operate deliveries, and cannot have the right "${right}": give it to another role`,
    }));
}

function separationProblems(roster: Roster): RosterProblem[] {
  const pairs = roster.separation.flatMap(([one, other], i): RosterProblem[] => {
    const path = ['roster', 'separation', i];
    const unknown = [one, other].find((role) => !Object.hasOwn(roster.roles, role));
    if (unknown !== undefined) return [{ path, message: `role "${unknown}" is not declared in roster.roles` }];
    return one === other ? [{ path, message: `"${one}" cannot be kept apart from itself: name two roles` }] : [];
  });
  const people = roster.people.flatMap(({ personId, roles }, i): RosterProblem[] => {
    const pair = separationConflict(roster, roles);
    if (pair === undefined || pair[0] === pair[1]) return [];
    const message = `"${personId}" holds "${pair[0]}" and "${pair[1]}", which roster.separation keeps apart: take one away`;
    return [{ path: ['roster', 'people', i, 'roles'], message }];
  });
  return [...pairs, ...people];
}
