/** docs/executors.md: the Python on the page is the file, which test/verifier/executors.test.ts runs, and the checks are those of the kit. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { testExecutor } from '../../clients/sdk/index.ts';
import { subject } from '../../examples/executor/subject.ts';

const page = readFileSync('docs/executors.md', 'utf8');
const script = readFileSync('examples/executor/verify_grant.py', 'utf8');

describe('docs/executors.md', () => {
  it('shows the Python file as it is', () => {
    expect(page).toContain('```python\n' + script + '```');
  });

  it('names every check of the kit, or what sums it up', async () => {
    const { checks } = await testExecutor(subject);
    const grants = checks.filter(({ name }) => name.includes('grant') && !name.startsWith('one grant'));
    expect(grants).toHaveLength(10);
    const others = checks.filter((check) => !grants.includes(check) && check.name !== 'status tells the truth about undoing');
    expect(others.map(({ name }) => name).filter((name) => !page.includes(name))).toEqual([]);
  });
});
