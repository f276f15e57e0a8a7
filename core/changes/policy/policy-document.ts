/**
 * The document of `registry:policy`: roster, risk table and what is journaled of accesses as one. Says what may stand there: both parts sound, fitting each
 * other, and leaving somebody who can change them again. It does not know which document is in force.
 */
import * as z from 'zod';
import {
  credentialProblems,
  credentialsSchema,
  isFitFor,
  webauthnSchema,
  type AssertionDemand,
  type Signers,
} from '../../assertions/index.ts';
import type { DocumentHash } from '../../brands/index.ts';
import { hiddenProblem, type JsonObject, type JsonValue } from '../../canonical/index.ts';
import { describeIssues } from '../../errors/index.ts';
import {
  accessSchema,
  answerableFor,
  createPolicy,
  initiatorOf,
  principalsOf,
  rosterProblems,
  rosterSchema,
  type Modules,
  type Principal,
  type RosterProblem,
} from '../../policy/index.ts';
import { documentBytes, documentHash, MAX_DOCUMENT_BYTES, type Document } from '../model/document.ts';
import { ChangeError } from '../model/errors.ts';
import { factsOf } from '../risk/facts.ts';
import { countQuorum } from '../model/quorum.ts';
import { createRiskTable } from '../risk/risk.ts';
import { demandOfTable, riskProblems, riskSchema } from '../risk/risk-config.ts';
import { defined } from '../../values/index.ts';
import { POLICY_ENTITY } from '../store/document-store.ts';

const policySchema = z.strictObject({
  roster: rosterSchema,
  risk: riskSchema,
  /** where people sign decisions with passkeys */
  webauthn: webauthnSchema.exactOptional(),
  /** the keys that they have enrolled */
  credentials: credentialsSchema.exactOptional(),
  /** which accesses are journaled */
  access: accessSchema.exactOptional(),
});

export type PolicyDocument = z.output<typeof policySchema>;

/** @throws ChangeError CHANGE_INVALID pointing into the document */
export function parsePolicy(document: Document): PolicyDocument {
  const parsed = policySchema.safeParse(document);
  if (!parsed.success) throw notAPolicy(parsed.error.issues);
  return parsed.data;
}

/**
 * Refuses what would leave the system without sound rules, or without anybody who could mend them.
 * @throws ChangeError CHANGE_INVALID pointing into the document
 */
export function assertPolicy(document: Document, modules: Modules): void {
  const policy = parsePolicy(document);
  const { roster, risk } = policy;
  const problems = [
    ...hiddenProblems(policyJson(policy)),
    ...rosterProblems(roster, modules),
    ...riskProblems(risk, roster),
    ...signerProblems(policy),
    ...deadEnds(policy, modules),
  ];
  if (problems.length > 0) throw notAPolicy(problems);
}

/** Names of people, roles and rules are read by whoever decides: all of it is text that must be what it looks like. */
function hiddenProblems(value: JsonValue, path: readonly (string | number)[] = []): RosterProblem[] {
  if (typeof value === 'string') {
    const message = hiddenProblem(value, 'line');
    return message === undefined ? [] : [{ path: [...path], message }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries<JsonValue>(value).flatMap(([key, member]) => {
    const hidden = hiddenProblem(key, 'line');
    const at = [...path, key];
    return [
      ...(hidden === undefined ? [] : [{ path: at, message: `its key ${hidden}` }]),
      ...hiddenProblems(member, at),
    ];
  });
}

/** What keeps a configuration from being recorded as a policy, as `path: problem`. */
export function recordingProblems(policy: PolicyDocument): RosterProblem[] {
  try {
    const bytes = documentBytes(policyJson(policy));
    if (bytes <= MAX_DOCUMENT_BYTES) return [];
    const message = `roster and risk are recorded as one document, which would have ${bytes} bytes: at most ${MAX_DOCUMENT_BYTES} fit`;
    return [{ path: ['roster'], message }];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [{ path: ['risk'], message: `roster and risk are recorded, and entries hold whole numbers only: ${why}` }];
  }
}

/** As it is recorded: plain JSON, every default written out; what nobody says anything of is left out, as before there was such a part. */
export function policyJson({ roster, risk, webauthn, credentials, access }: PolicyDocument): JsonObject {
  return JSON.parse(JSON.stringify({ roster, risk, webauthn, credentials, access })) as JsonObject;
}

export function signersOf({ webauthn, credentials }: PolicyDocument): Signers {
  return defined({ webauthn, credentials });
}

/** What of the enrolled keys is unsound, or not of people of the roster. */
export function signerProblems(policy: PolicyDocument): RosterProblem[] {
  return credentialProblems(
    signersOf(policy),
    policy.roster.people.map(({ personId }) => personId),
  );
}

/** Two policies that mean the same have the same hash, whatever defaults were left out. */
export function policyHash(policy: PolicyDocument): DocumentHash {
  return documentHash(policyJson(policy));
}

/** Empty while at least one principal may propose a change of the policy that the others could approve. */
export function deadEnds(document: PolicyDocument, modules: Modules): RosterProblem[] {
  const { roster, risk } = document;
  const { may } = createPolicy(roster, modules);
  const principals = [...principalsOf(roster, modules).values()];
  const proposers = principals.filter((principal) => may(principal, 'proposes', POLICY_ENTITY));
  if (proposers.length === 0)
    return [
      { path: ['roster'], message: `nobody may propose on "${POLICY_ENTITY}": this policy could never be changed` },
    ];
  const table = createRiskTable(risk);
  const isOpen = proposers.some((proposer) => {
    const excluded = answerableFor(proposer);
    const demanded = table.assess(plainChangeBy(proposer));
    const others = roster.people.filter(
      ({ personId }) => !excluded.includes(personId) && canSign(document, personId, demanded.assertion),
    );
    return countQuorum(demanded, others).reached;
  });
  const { roles, approvals, assertion } = table.assess(plainChangeBy(proposers[0] as Principal));
  const signing = assertion === undefined ? '' : ` and sign with an enrolled key (${assertion})`;
  const message = `no ${approvals} people beside the proposer could hold ${roles.join(', ')}${signing}: this policy could never be changed`;
  return isOpen ? [] : [{ path: ['roster', 'people'], message }];
}

/** What a configuration that asks for signatures lacks: adopted without the keys, it could never be changed. */
export function unmetDemands(document: PolicyDocument, modules: Modules): RosterProblem[] {
  return demandOfTable(document.risk) === undefined ? [] : deadEnds(document, modules);
}

function canSign(document: PolicyDocument, personId: string, demand: AssertionDemand | undefined): boolean {
  if (demand === undefined) return true;
  const { credentials = [] } = document;
  return credentials.some((one) => one.personId === personId && isFitFor(one, demand, signersOf(document)));
}

/** The facts of the smallest change of the policy there is: what even that would need, every one needs. */
function plainChangeBy(principal: Principal): JsonObject {
  return factsOf({
    ...{ entityId: POLICY_ENTITY, initiator: initiatorOf(principal), before: {}, after: [{}] },
    operations: [{ type: 'state.patch', payload: [], executor: '', inverse: 'restore-before-image' }],
    ...{ erases: false, byInitiator: [], onEntity: [], moneyPaths: [], sensitivePaths: [], freezes: [] },
  });
}

function notAPolicy(issues: Parameters<typeof describeIssues>[0]): ChangeError {
  const { message, problems } = describeIssues(issues);
  return new ChangeError({ code: 'CHANGE_INVALID', message: `not a policy: ${message}`, problems });
}
