/**
 * The topics of events about approvals. A configuration that wants them spreads `approvalTopics` into its own `topics`; a
 * topic that it does not declare is not recorded, and costs nothing.
 */
import * as z from 'zod';

const text = z.string();
const texts = z.array(text);
const instant = z.iso.datetime().brand<'IsoInstant'>();
const count = z.int().min(0);
const about = { changeSet: text, entity: text, title: text, revision: z.int().min(1) };

const topic = <Fields extends z.ZodRawShape>(description: string, fields: Fields) => ({
  description,
  versions: { 1: z.strictObject({ ...about, ...fields }) },
});

export const approvalTopics = {
  'approvals.requested': topic('A change-set was assessed, and people are asked to decide', {
    proposer: text,
    level: text,
    /** each needs a person of its own */
    roles: texts,
    approvals: count,
    deadline: instant,
  }),
  'approvals.reminded': topic('People are still awaited', {
    count,
    /** roles for which a person is missing, and people missing in all */
    roles: texts,
    approvals: count,
    deadline: instant,
  }),
  'approvals.escalated': topic('People were awaited for too long: further roles may fill the place of a needed one', {
    eligible: z.record(text, texts),
    deadline: instant,
  }),
  'approvals.decided': topic('A change-set was approved or rejected', {
    decision: z.enum(['approved', 'rejected']),
    /** personIds of who voted so */
    people: texts,
  }),
  'approvals.overridden': topic('Break-glass: one person approved a change-set in an emergency', {
    person: text,
    ticket: text,
    reason: text,
    reviewBy: instant,
  }),
  'approvals.review_due': topic('What was overridden or sampled is to be looked at afterwards', {
    kind: z.enum(['override', 'sample']),
    due: instant,
  }),
  'approvals.ended': topic('A change-set came to its end', { state: text }),
  'approvals.rollback_failed': topic('What was applied could not be undone: two people must resolve it', {
    code: text,
    message: text,
  }),
} as const;
