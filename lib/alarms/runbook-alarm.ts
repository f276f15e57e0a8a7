/** An alarm that says what it means and where the runbook says what to do, and tells the people on duty. */
import { Alarm, ComparisonOperator, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

const RUNBOOK = 'docs/runbook.md';

/** What is watched, and from which value on somebody must know. */
export interface AlarmSpec {
  /** unique; with the system's name before it, the alarm's name */
  readonly id: string;
  /** the section of the runbook */
  readonly section: string;
  /** one sentence for somebody who was just woken */
  readonly meaning: string;
  readonly metric: IMetric;
  /** fires at this value and above, or below it if `fires` says so */
  readonly threshold: number;
  /** for what must be heard again and again */
  readonly fires?: 'below';
  /** consecutive periods; default 1 */
  readonly periods?: number;
  /** what no measurement at all means; default: all is well */
  readonly ifMissing?: 'fires';
}

export class RunbookAlarm extends Construct {
  readonly alarm: Alarm;

  constructor(
    scope: Construct,
    { id, section, meaning, metric, threshold, fires, periods, ifMissing }: AlarmSpec,
    to: { readonly name: string; readonly topic: ITopic },
  ) {
    super(scope, id);
    this.alarm = new Alarm(this, 'Alarm', {
      alarmName: `${to.name}-${id}`,
      alarmDescription: `${meaning} What to do: ${RUNBOOK}#${section}`,
      metric,
      threshold,
      evaluationPeriods: periods ?? 1,
      comparisonOperator:
        fires === 'below'
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: ifMissing === 'fires' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    this.alarm.addAlarmAction(new SnsAction(to.topic));
    this.alarm.addOkAction(new SnsAction(to.topic));
  }
}
