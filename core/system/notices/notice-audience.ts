/**
 * Whom an event concerns, and who may still know of it: asked when a notice is made, and again whenever it is read. What is about
 * change-sets is answered where they are; the rest belongs to owners, operators, auditors and the role `security`.
 */
import type { PersonId } from '../../brands/index.ts';
import type { ChangeAudience } from '../../changes/index.ts';
import type { Person, Policy } from '../../policy/index.ts';
import type { NoticeReason, NoticeSubject, NoticeText } from '../contract/notices.ts';

const SECURITY = 'security';

export interface NoticeAudience {
  concernedBy(notice: Pick<NoticeText, 'topic' | 'subject'>): Promise<ReadonlyMap<PersonId, NoticeReason>>;
  mayRead(personId: PersonId, subject: NoticeSubject): Promise<boolean>;
}

export function createNoticeAudience(changes: ChangeAudience, policy: Policy): NoticeAudience {
  return {
    concernedBy: async ({ topic, subject }) => {
      if (subject.kind === 'change-set') return changes.concernedBy(topic, subject.id);
      const told = policy.roster.people.map(({ personId }) => [personId, reasonOf(policy, personId, subject)] as const);
      return new Map(told.flatMap(([personId, why]) => (why === undefined ? [] : [[personId, why]])));
    },
    mayRead: async (personId, subject) =>
      subject.kind === 'change-set'
        ? changes.mayRead(personId, subject.id)
        : reasonOf(policy, personId, subject) !== undefined,
  };
}

function reasonOf(
  policy: Policy,
  personId: PersonId,
  subject: Exclude<NoticeSubject, { kind: 'change-set' }>,
): NoticeReason | undefined {
  const person = policy.roster.people.find((one) => one.personId === personId);
  if (person === undefined) return undefined;
  if (ownerOf(policy, subject) === personId) return 'owns';
  return oversees(policy, person, subject.kind === 'topic') ? 'oversees' : undefined;
}

/** The person behind it: whose account it is, or who answers for the agent. Modules have nobody. */
function ownerOf(policy: Policy, subject: Exclude<NoticeSubject, { kind: 'change-set' }>): string | undefined {
  if (subject.kind === 'topic') return undefined;
  const principal = policy.principal(subject.kind === 'agent' ? subject.id : subject.module);
  if (principal?.kind === 'agent') return principal.owner;
  return principal?.kind === 'person' ? principal.personId : undefined;
}

function oversees(
  policy: Policy,
  { personId, roles, accounts: [id = personId] }: Person,
  isSecurity: boolean,
): boolean {
  const principal = { kind: 'person', id, personId } as const;
  return policy.isOperator(principal) || policy.isAuditor(principal) || (isSecurity && roles.includes(SECURITY));
}
