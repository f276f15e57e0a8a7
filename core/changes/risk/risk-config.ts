/**
 * The `risk` section of nervous.config.ts: a versioned table of rules over facts. Everything that could make a rule mean
 * something else than it says is refused when the configuration is read, with its path.
 */
import * as z from 'zod';
import { ASSERTION_DEMANDS, stricterDemand, type AssertionDemand } from '../../assertions/index.ts';
import { msOf, type RiskTableHash } from '../../brands/index.ts';
import { canonicalize, taggedHash } from '../../canonical/index.ts';
import { parsePattern, PatternError } from '../../events/index.ts';
import { FACTS, testsOf, type Pattern } from './facts.ts';
import { OPERATOR, type Roster } from '../../policy/index.ts';

export const RISK_LEVELS = ['L0', 'L1', 'L2', 'L3', 'L4'] as const;
export type RiskLevel = (typeof RISK_LEVELS)[number];

/** What a change-set needs that no rule matches: the unknown is large. */
export const UNMATCHED = {
  level: 'L3',
  roles: ['owner', 'risk'],
  approvals: 2,
  timelockMinutes: 60,
  enforcement: 'hard',
} as const;
/** Levels whose rules nothing overrides, whatever a configuration says. */
const ALWAYS_HARD: ReadonlySet<RiskLevel> = new Set(['L3', 'L4']);

const MINUTES_PER_HOUR = 60;
/** Reminders of one assessment at most: every one is an entry, and stands in the record. */
const MAX_REMINDERS = 50;
const TABLE_TAG = 'nervous-system.risk-table.v1';

const ruleSchema = z.strictObject({
  name: z.string().min(1).max(100),
  /** an EventBridge event pattern over the facts (docs/life-of-a-change.md lists them) */
  when: z.custom<Pattern>().superRefine((pattern, context) => {
    try {
      parsePattern(pattern);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      context.addIssue({ code: 'custom', message: `is not a pattern: ${error.message}` });
      return;
    }
    const unknown = unknownFact(pattern);
    if (unknown !== undefined)
      context.addIssue({
        code: 'custom',
        message: `asks for "${unknown}", which is no fact: the rule could never match`,
      });
  }),
  level: z.enum(RISK_LEVELS),
  /** each needs a person of its own */
  roles: z.array(z.string().min(1).max(64)).max(10).default([]),
  /** people in all */
  approvals: z.int().min(0).max(10),
  /** minutes between approval and execution */
  timelockMinutes: z.int().min(0).max(10_080).default(0),
  /** soft: may be overridden in an emergency (break-glass). Default: soft up to L2; L3 and L4 are always hard */
  enforcement: z.enum(['soft', 'hard']).exactOptional(),
  /** who decides signs with an enrolled key: any, or one bound to a device. Default: none */
  assertion: z.enum(['none', ...ASSERTION_DEMANDS]).exactOptional(),
});
export type RiskRule = z.output<typeof ruleSchema>;

const role = z.string().min(1).max(64);
const pointerList = z
  .array(
    z
      .string()
      .max(200)
      .regex(/^(\/[^/]+)+$/, 'must be a JSON pointer such as /limit or /accounts/*/balance'),
  )
  .max(100);
const pointers = pointerList.default([]);

const freezeSchema = z
  .strictObject({
    name: z.string().min(1).max(100),
    from: z.iso.datetime('must be a time in UTC such as 2026-12-20T00:00:00Z').brand<'IsoInstant'>(),
    /** over from then on */
    until: z.iso.datetime('must be a time in UTC such as 2027-01-04T00:00:00Z').brand<'IsoInstant'>(),
    /** entity ids, or prefixes ending in `*`; default: all */
    entities: z.array(z.string().min(1).max(128)).min(1).max(100).exactOptional(),
  })
  .refine(({ from, until }) => msOf(from) < msOf(until), {
    path: ['until'],
    message: 'must be later than from',
  });

export const riskSchema = z
  .strictObject({
    version: z.string().min(1).max(64),
    /** hours from proposal to the deadline, at which what is not executing expires */
    decisionHours: z.int().min(2).max(720).default(168),
    /** JSON pointers to amounts of money in documents, `*` standing for any key or index: integers or decimal strings */
    moneyPaths: pointers,
    /** JSON pointers to personal or otherwise delicate data in documents; touching it is a fact */
    sensitivePaths: pointers,
    /** JSON pointers to what else rules were made for: with this list, touching anything outside all three is a fact */
    knownPaths: pointerList.exactOptional(),
    /** windows in which changes need a stricter look; being in one is a fact */
    freezes: z.array(freezeSchema).max(100).default([]),
    /** percent of the change-sets that nobody has to approve which somebody looks at afterwards */
    sampleL0: z.int().min(0).max(100).default(0),
    /** change-sets of one initiator, and of all whom the same person answers for, that may wait at the same time */
    maxOpen: z.int().min(1).max(100_000).default(1_000),
    /** hours between two reminders while people are awaited; absent: nobody is reminded */
    reminderHours: z.int().min(1).exactOptional(),
    /** after how many hours of waiting which further roles may fill the place of a needed one */
    escalation: z
      .strictObject({ afterHours: z.int().min(1), roles: z.record(role, z.array(role).min(1).max(10)) })
      .exactOptional(),
    rules: z.array(ruleSchema).max(200),
  })
  .superRefine((risk, context) => {
    const { rules, decisionHours, reminderHours, escalation, freezes } = risk;
    const report = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path: ['rules', ...path], message });
    if (reminderHours !== undefined && decisionHours / reminderHours > MAX_REMINDERS)
      context.addIssue({
        code: 'custom',
        path: ['reminderHours'],
        message: `would remind ${Math.floor(decisionHours / reminderHours)} times in ${decisionHours} h: at most ${MAX_REMINDERS}`,
      });
    if (escalation !== undefined && escalation.afterHours >= decisionHours)
      context.addIssue({
        code: 'custom',
        path: ['escalation', 'afterHours'],
        message: `${escalation.afterHours} h pass the deadline of ${decisionHours} h: it would never be escalated`,
      });
    freezes.forEach(({ name }, i) => {
      if (freezes.findIndex((other) => other.name === name) !== i)
        context.addIssue({ code: 'custom', path: ['freezes', i, 'name'], message: `"${name}" appears twice` });
    });
    rules.forEach((rule, i) => {
      if (rules.findIndex(({ name }) => name === rule.name) !== i) report([i, 'name'], `"${rule.name}" appears twice`);
      if (rule.level === 'L0' && (rule.approvals > 0 || rule.roles.length > 0))
        report([i, 'approvals'], 'L0 means that nobody has to approve: set approvals to 0 and leave roles out');
      if (rule.level !== 'L0' && rule.approvals === 0)
        report([i, 'approvals'], `${rule.level} needs at least one approval: only L0 needs none`);
      if (rule.level !== 'L0' && rule.roles.length === 0)
        report([i, 'roles'], `${rule.level} needs at least one role: name who may approve`);
      if (rule.enforcement === 'soft' && ALWAYS_HARD.has(rule.level))
        report([i, 'enforcement'], `${rule.level} is always hard: leave enforcement out, or lower the level`);
      if (rule.timelockMinutes >= decisionHours * MINUTES_PER_HOUR)
        report(
          [i, 'timelockMinutes'],
          `${rule.timelockMinutes} min pass the deadline of ${decisionHours} h: it would always expire`,
        );
    });
  });

export type RiskConfig = z.output<typeof riskSchema>;

/**
 * The strictest that any rule asks for. The floor and what no rule matches ask for it too: whoever could change the policy
 * without a key could take the demand away.
 */
export function demandOfTable({ rules }: Pick<RiskConfig, 'rules'>): AssertionDemand | undefined {
  return rules.map(({ assertion }) => demandOf(assertion)).reduce(stricterDemand, undefined);
}

export function demandOf(assertion: AssertionDemand | 'none' | undefined): AssertionDemand | undefined {
  return assertion === 'none' ? undefined : assertion;
}

/** What of the risk table does not fit the roster, as `path: problem`; empty when it does. */
export function riskProblems(
  risk: RiskConfig,
  roster: Roster,
): { readonly path: (string | number)[]; readonly message: string }[] {
  const isDeclared = (role: string): boolean => Object.hasOwn(roster.roles, role);
  const unknown = risk.rules.flatMap(({ roles }, i) =>
    roles.flatMap((role, j) =>
      isDeclared(role)
        ? []
        : [{ path: ['risk', 'rules', i, 'roles', j], message: `role "${role}" is not declared in roster.roles` }],
    ),
  );
  const escalation = Object.entries(risk.escalation?.roles ?? {}).flatMap(([needed, further]) =>
    [needed, ...further]
      .filter((one) => !isDeclared(one))
      .map((one) => ({
        path: ['risk', 'escalation', 'roles', needed],
        message: `role "${one}" is not declared in roster.roles`,
      })),
  );
  const problems = [...unknown, ...escalation, ...operatorProblems(risk)];
  const missing = UNMATCHED.roles.filter((role) => !isDeclared(role));
  return missing.length === 0
    ? problems
    : [
        ...problems,
        {
          path: ['roster', 'roles'],
          message: `declare ${missing.map((role) => `"${role}"`).join(' and ')}: change-sets that no risk rule matches need them`,
        },
      ];
}

/** Who looks after deliveries decides nothing, so no change-set may wait for one. */
function operatorProblems({ rules, escalation }: RiskConfig): ReturnType<typeof riskProblems> {
  const message = `the role "${OPERATOR}" decides nothing: name another`;
  return [
    ...rules.flatMap(({ roles }, i) =>
      roles.flatMap((role, j) => (role === OPERATOR ? [{ path: ['risk', 'rules', i, 'roles', j], message }] : [])),
    ),
    ...Object.entries(escalation?.roles ?? {}).flatMap(([needed, further]) =>
      [needed, ...further].includes(OPERATOR) ? [{ path: ['risk', 'escalation', 'roles', needed], message }] : [],
    ),
  ];
}

/** Soft rules may be overridden in an emergency; what is large never. */
export function enforcementOf({ level, enforcement }: Pick<RiskRule, 'level' | 'enforcement'>): 'soft' | 'hard' {
  return ALWAYS_HARD.has(level) ? 'hard' : (enforcement ?? 'soft');
}

/** What a pattern asks for that no fact has: a slip of the pen there would lower the risk without a word. */
function unknownFact(when: Pattern): string | undefined {
  return testsOf(when).find((name) => {
    const [fact = '', field] = name.split('.');
    const fields = Object.hasOwn(FACTS, fact) ? FACTS[fact as keyof typeof FACTS] : [];
    return fields !== 'any' && !(fields as readonly (string | undefined)[]).includes(field);
  });
}

/** Names the table in force, in assessments. */
export function riskTableHash(risk: RiskConfig): RiskTableHash {
  return taggedHash(TABLE_TAG, canonicalize(risk));
}
