/**
 * The `risk` section of nervous.config.ts: a versioned table of rules over facts. Everything that could make a rule mean
 * something else than it says is refused when the configuration is read, with its path.
 */
import * as z from 'zod';
import { canonicalize, taggedHash } from '../canonical/index.ts';
import { parsePattern, PatternError } from '../events/index.ts';
import type { Roster } from '../policy/index.ts';

export const RISK_LEVELS = ['L0', 'L1', 'L2', 'L3', 'L4'] as const;
export type RiskLevel = (typeof RISK_LEVELS)[number];

/** What a change-set needs that no rule matches: the unknown is large. */
export const UNMATCHED = { level: 'L3', roles: ['owner', 'risk'], approvals: 2, timelockMinutes: 60 } as const;

const MINUTES_PER_HOUR = 60;
const TABLE_TAG = 'nervous-system.risk-table.v1';

const ruleSchema = z.strictObject({
  name: z.string().min(1).max(100),
  /** an EventBridge event pattern over the facts (docs/life-of-a-change.md lists them) */
  when: z.custom<{ readonly [key: string]: unknown }>().superRefine((pattern, context) => {
    try {
      parsePattern(pattern);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      context.addIssue({ code: 'custom', message: `is not a pattern: ${error.message}` });
    }
  }),
  level: z.enum(RISK_LEVELS),
  /** each needs a person of its own */
  roles: z.array(z.string().min(1).max(64)).max(10).default([]),
  /** people in all */
  approvals: z.int().min(0).max(10),
  /** minutes between approval and execution */
  timelockMinutes: z.int().min(0).max(10_080).default(0),
});

export const riskSchema = z
  .strictObject({
    version: z.string().min(1).max(64),
    /** hours from proposal to the deadline, at which what is not executing expires */
    decisionHours: z.int().min(2).max(720).default(168),
    /** JSON pointers to amounts of money in documents, `*` standing for any key or index: integers or decimal strings */
    moneyPaths: z
      .array(
        z
          .string()
          .max(200)
          .regex(/^(\/[^/]+)+$/, 'must be a JSON pointer such as /limit or /accounts/*/balance'),
      )
      .max(100)
      .default([]),
    rules: z.array(ruleSchema).max(200),
  })
  .superRefine(({ rules, decisionHours }, context) => {
    const report = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path: ['rules', ...path], message });
    rules.forEach((rule, i) => {
      if (rules.findIndex(({ name }) => name === rule.name) !== i) report([i, 'name'], `"${rule.name}" appears twice`);
      if (rule.level === 'L0' && (rule.approvals > 0 || rule.roles.length > 0))
        report([i, 'approvals'], 'L0 means that nobody has to approve: set approvals to 0 and leave roles out');
      if (rule.level !== 'L0' && rule.approvals === 0)
        report([i, 'approvals'], `${rule.level} needs at least one approval: only L0 needs none`);
      if (rule.level !== 'L0' && rule.roles.length === 0)
        report([i, 'roles'], `${rule.level} needs at least one role: name who may approve`);
      if (rule.timelockMinutes >= decisionHours * MINUTES_PER_HOUR)
        report(
          [i, 'timelockMinutes'],
          `${rule.timelockMinutes} min pass the deadline of ${decisionHours} h: it would always expire`,
        );
    });
  });

export type RiskConfig = z.output<typeof riskSchema>;

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
  const missing = UNMATCHED.roles.filter((role) => !isDeclared(role));
  return missing.length === 0
    ? unknown
    : [
        ...unknown,
        {
          path: ['roster', 'roles'],
          message: `declare ${missing.map((role) => `"${role}"`).join(' and ')}: change-sets that no risk rule matches need them`,
        },
      ];
}

/** Names the table in force, in assessments. */
export function riskTableHash(risk: RiskConfig): string {
  return taggedHash(TABLE_TAG, canonicalize(risk));
}
