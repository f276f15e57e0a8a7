/**
 * The templates of a release, reduced to what an update in place depends on: run once on the release's own commit and kept
 * (README.md here). `node test/golden/make-templates.ts > templates.json`
 */
import { STAGES } from '../../lib/environments.ts';
import { reduced } from '../lib/replacements.ts';
import { STACKS, synthesize } from '../lib/synthesized.ts';

const stages = Object.keys(STAGES) as (keyof typeof STAGES)[];
const templates = stages.map((stage) => {
  const { template } = synthesize({ stage });
  return [stage, Object.fromEntries(STACKS.map((stack) => [stack, reduced(template(stack).toJSON())]))];
});
console.log(JSON.stringify(Object.fromEntries(templates), undefined, 1));
