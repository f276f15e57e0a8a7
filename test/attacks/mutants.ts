/**
 * Each control of the approval, and the edits that switch it off. `npm run test:mutants` makes them one by one and prints
 * which attack then succeeds. An edit must fit exactly one place, so this list cannot rot in silence.
 */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly control: string;
  readonly edits: readonly Edit[];
}

const edit = (file: string, find: string, replace: string): Edit => ({ file: `core/changes/${file}`, find, replace });
const off = (control: string, ...edits: readonly Edit[]): Mutant => ({ control, edits });

export const MUTANTS: readonly Mutant[] = [
  off(
    'who proposed or edited, or answers for it, does not decide',
    edit('reducer/reduce-vote.ts', 'content.excludes.includes(personId)\n    ? refused', 'false\n    ? refused'),
  ),
  off(
    'who has come to answer for the proposer is not counted at the claim',
    edit(
      'recording/who-may.ts',
      'owner === undefined ? content.excludes : [...content.excludes, owner]',
      'content.excludes',
    ),
  ),
  off(
    'one person has one vote, whatever the account',
    edit('reducer/reduce-vote.ts', 'one !== undefined && deciders.includes(one)', 'false'),
  ),
  off('every needed role has a person of its own', edit('model/quorum.ts', 'missingRoles.length, 0)', '0, 0)')),
  off(
    'agents and modules do not decide',
    edit('decisions/decide.ts', "if (principal.kind !== 'person')", "if (principal.kind === 'service')"),
    edit('model/refusal.ts', "kind === 'person'", 'true'),
  ),
  off('a decision says only what its schema has', edit('decisions/decide.ts', 'z.strictObject({', 'z.object({')),
  off(
    'a nonce is used once',
    edit(
      'decisions/decide.ts',
      'if (nonces.includes(nonce) || (await store.isTaken(store.keys.nonce(nonce))))',
      'if (false)',
    ),
    edit('decisions/decide.ts', 'writes: [used, ...checks]', 'writes: checks'),
  ),
  off(
    'a decision binds to revision, content and assessment',
    edit('reducer/reduce-vote.ts', 'if (isCurrent) return undefined;', 'return undefined;'),
  ),
  off(
    'votes are void when what they are about changes',
    edit('reducer/reduce.ts', '...NOT_ASSESSED, content: data', '...NOT_ASSESSED, votes: record.votes, content: data'),
    edit(
      'reducer/reduce-decision.ts',
      '...NOT_ASSESSED, assessment:',
      '...NOT_ASSESSED, votes: record.votes, assessment:',
    ),
  ),
  off(
    'decisions end at the deadline, by server time',
    edit('reducer/reduce-vote.ts', 'if (!isBefore(at, content.deadline))', 'if (false)'),
  ),
  off(
    'nothing is claimed after the deadline',
    edit('execution/claim.ts', 'if (time >= msOf(content.deadline)) return', 'if (false) return'),
    edit('reducer/reduce-execution.ts', 'if (msOf(at) >= msOf(content.deadline))', 'if (false)'),
  ),
  off(
    'nothing is claimed within the time lock',
    edit('execution/claim.ts', 'if (time < msOf(approval.timelockUntil))', 'if (false)'),
    edit('reducer/reduce-execution.ts', 'if (msOf(at) < msOf(approval.timelockUntil))', 'if (false)'),
  ),
  off(
    'the quorum is counted again at the claim',
    edit('execution/claim.ts', "if (!isApproved) drift.push('roster');", ''),
  ),
  off(
    'the rules are compared again at the claim',
    edit('execution/claim.ts', 'if (assessment.policy.hash !== risk.policy.hash)', 'if (false)'),
  ),
  off(
    'the document is compared again at the claim',
    edit(
      'execution/claim.ts',
      'if (version !== assessment.base.version || hash !== assessment.base.hash)',
      'if (false)',
    ),
    edit('execution/claim.ts', 'context.states.check(entityId, assessment.base.version), ', ''),
    edit(
      'execution/execution.ts',
      'if (before.version !== document?.version || before.hash !== document.hash)',
      'if (false)',
    ),
  ),
  off(
    'nothing runs on a record that its entries do not prove',
    edit('execution/claim.ts', 'if (unproven !== undefined) return unproven;', ''),
  ),
  off(
    'only what is approved is claimed',
    edit('execution/claim.ts', "record.state !== 'approved' || ", ''),
    edit(
      'model/lifecycle.ts',
      "    'change.voted': 'pending',",
      "    'change.voted': 'pending',\n    'change.claimed': 'executing',",
    ),
    edit(
      'execution/claim.ts',
      'approval === undefined || assessment === undefined) return',
      'assessment === undefined) return',
    ),
    edit('execution/claim.ts', 'if (time < msOf(approval.timelockUntil))', 'if (false)'),
    edit(
      'execution/claim.ts',
      'approval: approval.step, ...context.under }',
      "approval: approval?.step ?? '0'.repeat(64), ...context.under }",
    ),
    edit(
      'reducer/reduce-execution.ts',
      'if (approval === undefined || assessment === undefined || data.approval !== approval.step)',
      'if (assessment === undefined)',
    ),
    edit('reducer/reduce-execution.ts', 'if (msOf(at) < msOf(approval.timelockUntil))', 'if (false)'),
    edit('execution/claim.ts', "if (!isApproved) drift.push('roster');", ''),
  ),
  off(
    'an operation is applied once',
    edit('execution/write-step.ts', 'store.once(key, { change: id }),\n', ''),
    edit(
      'recording/record-steps.ts',
      'store.recordWrites(current, next)',
      "store.recordWrites(current, next).map((w) => ('value' in w ? { ...w, expect: 'any' } : w))",
    ),
  ),
  off(
    'what was applied is undone when it fails',
    edit('execution/rollback.ts', 'lastToUndo({ ...record, progress }) === undefined', 'true'),
  ),
  off(
    'an entity whose rollback failed stays locked',
    edit('store/change-store.ts', 'return [once(key, { change: next.id })];', 'return [];'),
  ),
  off(
    'a rule that matches counts, the strictest wins',
    edit('risk/risk.ts', 'Math.max(...levels.map', 'Math.min(...levels.map'),
  ),
  off('what is split is added up', edit('risk/facts.ts', 'recentChanges: own.changes', 'recentChanges: 1')),
  off(
    'what cannot be assessed is blocked',
    edit(
      'risk/facts.ts',
      'if (match === null) refuse(',
      'if (match === null) return 0n;\n  if (match === null) refuse(',
    ),
  ),
  off(
    'the policy is of the highest level, whatever the table says',
    edit('risk/risk-floor.ts', 'isRegistry(entityId) ? [REGISTRY_FLOOR] : []', '[]'),
  ),
  off(
    'a refusal counts only under the policy in force',
    edit('recording/act-runner.ts', 'await governance.refresh();', ''),
  ),
  off(
    'a delegated vote uses up the vote of who casts it',
    edit('reducer/reduce-vote.ts', '[personId, delegate.personId]', '[personId]'),
  ),
  off(
    'an escalation lowers nothing',
    edit('model/quorum.ts', 'approvals - people.size', 'approvals - people.size - (eligible === undefined ? 0 : 1)'),
  ),
  off(
    'an emergency overrides soft rules only',
    edit(
      'reducer/reduce-vote.ts',
      "if (assessment.enforcement !== 'soft' || HARD_LEVELS.has(assessment.level))",
      'if (false)',
    ),
  ),
  off(
    'breaking the glass takes a right',
    edit('decisions/override.ts', "if (!context.policy.may(principal, 'overrides', record.entityId))", 'if (false)'),
  ),
  off(
    'the right to break the glass is asked again at the claim',
    edit('decisions/override.ts', 'return context.policy.may({ kind', 'return true || policy.may({ kind'),
  ),
  off(
    'who had a part in it does not review it',
    edit('model/post-review.ts', 'if (partakers(record).has(personId))', 'if (false)'),
  ),
  off('a proposer has only so many waiting', edit('proposals/propose.ts', '>= maxOpen;', '>= Infinity;')),
  off(
    'what is shown holds nothing that hides or reorders it',
    edit('operations/content.ts', "layout === 'line' ? PLAIN_LINE : PLAIN_TEXT", '/(?:)/'),
    edit('operations/content.ts', 'if (message !== undefined) context.addIssue', 'if (false) context.addIssue'),
  ),
  off(
    'a delegation is what its entries say',
    edit(
      'policy/delegations-in-force.ts',
      'recorded !== undefined && canonicalize(recorded) === canonicalize(delegation)',
      'true',
    ),
  ),
  off(
    'the policy is what its entry made',
    edit('policy/policy-entry.ts', 'if (!isOf(first, { version, hash }))', 'if (false)'),
  ),
  off('an earlier policy does not come back', edit('policy/policy-entry.ts', 'if (next !== undefined)', 'if (false)')),
  off(
    'the policy is read again whatever the clock says',
    edit(
      'policy/governance.ts',
      'Math.max(now.clock - read.clock, now.monotonic - read.monotonic)',
      'now.clock - read.clock',
    ),
  ),
  off(
    'what is proposed or lent commits while its policy is in force',
    edit('recording/append-under.ts', 'inForce.guard(resting)', 'resting'),
  ),
  off(
    'the record is proved before it is approved',
    edit('recording/record-steps.ts', 'current !== undefined && isDecisive ?', 'false ?'),
  ),
  off(
    'no step behind the record is overlooked',
    edit('recording/prove-record.ts', ' ?? (await stepBehind(deps, current))', ''),
  ),
  off('what is carried out is proved again', edit('workflow/run-step.ts', 'EFFECTIVE_STEPS.has(name) ?', 'false ?')),
  off('a grant is for one executor', edit('operations/grant.ts', 'if (claims.aud !== executor)', 'if (false)')),
  off('a grant is for one direction', edit('operations/grant.ts', 'if (claims.direction !== direction)', 'if (false)')),
  off(
    'a grant is for one input',
    edit('operations/grant.ts', 'if (claims.inputHash !== grantInputHash(input, precondition))', 'if (false)'),
  ),
  off('a grant ends', edit('operations/grant.ts', 'if (now >= claims.exp * 1000)', 'if (false)')),
  off(
    'an executor plans what was approved, or nothing',
    edit(
      'execution/apply-external.ts',
      '!isSameState || assessed.planHash !== planHash(operation, plan)',
      '!isSameState',
    ),
  ),
  off(
    "an executor's word only raises the risk",
    edit(
      'risk/advice.ts',
      'stricterOf(table.assess(own), table.assess(advised))',
      'table.assess({ ...advised, ...plans[0] })',
    ),
  ),
  off(
    'the client approves only what it can hash to what it binds to',
    edit(
      'views/verify-displayed.ts',
      '...contentProblems(shown), ...assessmentProblems(shown), ...previewProblems(shown)',
      '',
    ),
  ),
];
