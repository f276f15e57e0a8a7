/** What is watched of change-sets on their way. */
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmSpec } from './runbook-alarm.ts';
import { metricsOf } from './metrics.ts';
import type { Watched } from './alarm-sources.ts';
import { SECONDS_PER_DAY, SECONDS_PER_MINUTE } from '../../core/values/index.ts';

export function workflowAlarms({ deployment, queueNames }: Watched): AlarmSpec[] {
  const { own, workflow, queue } = metricsOf(deployment);
  return [
    {
      id: 'approval-queue-age',
      section: 'approval-queue-age',
      meaning: 'A change-set has been waiting for its approvers for more than a day.',
      metric: own('workflow-reconciler', 'ApprovalQueueAgeSeconds', Stats.MAXIMUM),
      threshold: SECONDS_PER_DAY,
    },
    {
      id: 'approval-escalated',
      section: 'approval-escalated',
      meaning: 'A change-set still waits although further roles were let in to approve it.',
      metric: own('workflow-reconciler', 'EscalatedApprovals', Stats.MAXIMUM),
      threshold: 1,
    },
    {
      id: 'override-used',
      section: 'override-used',
      meaning: 'Somebody approved a change-set alone, against soft rules, as an emergency (break-glass).',
      metric: own('decisions', 'OverridesUsed', Stats.SUM),
      threshold: 1,
    },
    {
      id: 'reviews-overdue',
      section: 'reviews-overdue',
      meaning: 'What ran without the usual approval should have been reviewed by now, and was not.',
      metric: own('workflow-reconciler', 'OverdueReviews', Stats.MAXIMUM),
      threshold: 1,
    },
    {
      id: 'executions-failed',
      section: 'executions-failed',
      meaning: 'An execution of the change-set workflow failed.',
      metric: workflow('ExecutionsFailed', Stats.SUM),
      threshold: 1,
    },
    {
      id: 'wake-age',
      section: 'wake-age',
      meaning: 'Decided change-sets wait for more than five minutes to be woken.',
      metric: queue(queueNames.wake, 'ApproximateAgeOfOldestMessage', Stats.MAXIMUM),
      threshold: 5 * SECONDS_PER_MINUTE,
      periods: 2,
    },
  ];
}
