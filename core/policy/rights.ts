/**
 * May this principal do that? Nothing is allowed that is not declared; auditors may read all. Pure look-ups over the
 * roster; it knows neither tokens nor transport.
 */
import type { Given, PersonId } from '../brands/index.ts';
import type { Actor } from '../ledger/index.ts';
import { defined } from '../values/index.ts';
import { PolicyError } from './errors.ts';
import { OPERATOR, principalsOf, type Modules, type Principal, type Rights, type Roster } from './roster.ts';

export type Action = keyof Rights;

export interface Denial {
  readonly kind: 'refused';
  readonly code: 'FORBIDDEN';
  readonly message: string;
}

const AUDITOR = 'auditor';

export interface Policy {
  /** The principal behind an account, agent or module id. */
  readonly principal: (id: string) => Principal | undefined;
  readonly may: (principal: Principal, action: Action, subject: string) => boolean;
  /** The right that is missing, as a value; undefined: it has it. */
  readonly denial: (principal: Principal, action: Action, subject: string) => Denial | undefined;
  /** @throws PolicyError FORBIDDEN, naming the missing right */
  readonly require: (principal: Principal, action: Action, subject: string) => void;
  /** @throws PolicyError FORBIDDEN: it may not record what others kept of this entity; undefined: of any at all */
  readonly requireImport: (principal: Principal, entity: string | undefined) => void;
  /** Has it this right for anything at all? */
  readonly holds: (principal: Principal, action: Action) => boolean;
  readonly rolesOf: (personId: Given<PersonId>) => readonly string[];
  readonly isAuditor: (principal: Principal) => boolean;
  /** Looks after everybody's deliveries, and decides and publishes nothing. */
  readonly isOperator: (principal: Principal) => boolean;
  readonly roster: Roster;
}

export function createPolicy(roster: Roster, modules: Modules): Policy {
  const principals = principalsOf(roster, modules);
  const rolesOf = (personId: Given<PersonId>): readonly string[] =>
    roster.people.find((person) => person.personId === personId)?.roles ?? [];
  const holdsRole = (principal: Principal, role: string): boolean =>
    principal.kind === 'person' && rolesOf(principal.personId).includes(role);
  const isAuditor = (principal: Principal): boolean => holdsRole(principal, AUDITOR);

  const grantsOf = (principal: Principal): readonly Rights[] => {
    switch (principal.kind) {
      case 'person':
        return rolesOf(principal.personId).flatMap((role) => roster.roles[role] ?? []);
      case 'agent':
        return roster.agents.filter((agent) => agent.id === principal.id).map((agent) => agent.rights);
      case 'module':
        return Object.hasOwn(modules, principal.id) ? [modules[principal.id] as Rights] : [];
      case 'service':
        return [
          { publishes: [...principal.publishes], subscribes: [], reads: [], proposes: [], reveals: [], overrides: [] },
        ];
    }
  };
  const may = (principal: Principal, action: Action, subject: string): boolean =>
    (action === 'reads' && isAuditor(principal)) ||
    grantsOf(principal).some((rights) => rights[action]?.some((glob) => matchesGlob(glob, subject)));

  const holds = (principal: Principal, action: Action): boolean =>
    (action === 'reads' && isAuditor(principal)) ||
    grantsOf(principal).some(({ [action]: globs }) => globs !== undefined && globs.length > 0);

  const denial: Policy['denial'] = (principal, action, subject) =>
    may(principal, action, subject)
      ? undefined
      : denied(
          `${principal.kind} "${principal.id}" has no right "${action}" for "${subject}": declare it in nervous.config.ts`,
        );

  return {
    roster,
    rolesOf,
    holds,
    isAuditor,
    isOperator: (principal) => holdsRole(principal, OPERATOR),
    may,
    principal: (id) => principals.get(id),
    denial,
    requireImport: (principal, entity) => {
      const globs = principal.kind === 'module' ? importsOf(modules, principal.id) : [];
      if (entity === undefined ? globs.length > 0 : globs.some((glob) => matchesGlob(glob, entity))) return;
      const what = entity === undefined ? 'anything' : `"${entity}"`;
      throw new PolicyError(
        denied(
          `${principal.kind} "${principal.id}" may not import ${what}: give a module the right "imports" in nervous.config.ts`,
        ),
      );
    },
    require: (principal, action, subject) => {
      const denied = denial(principal, action, subject);
      if (denied !== undefined) throw new PolicyError(denied);
    },
  };
}

function importsOf(modules: Modules, id: string): readonly string[] {
  return (Object.hasOwn(modules, id) ? modules[id]?.imports : undefined) ?? [];
}

export function denied(message: string): Denial {
  return { kind: 'refused', code: 'FORBIDDEN', message };
}

/** `x.*` and `x*` match what starts with the text before the star; without a star only the same text matches. */
export function matchesGlob(glob: string, subject: string): boolean {
  return glob.endsWith('*') ? subject.startsWith(glob.slice(0, -1)) : glob === subject;
}

/** The provenance recorded in an entry for what this principal did. */
export function actorOf(principal: Principal, via?: string): Actor {
  const base = { kind: principal.kind, id: principal.id, ...defined({ via }) };
  return principal.kind === 'agent' ? { ...base, logic: principal.logic } : base;
}

/** Who counts as one initiator: a person whatever the account, an agent, a module. */
export function initiatorOf(principal: Principal): string {
  return principal.kind === 'person' ? `person:${principal.personId}` : `${principal.kind}:${principal.id}`;
}

/** The people who answer for what this principal does, and so may not decide on it. */
export function answerableFor(principal: Principal): string[] {
  switch (principal.kind) {
    case 'person':
      return [principal.personId];
    case 'agent':
      return [principal.owner];
    case 'module':
    case 'service':
      return [];
  }
}
