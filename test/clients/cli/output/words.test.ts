/** Differences in words: what people read before they decide. Nothing may differ without a line that says so. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differenceLines } from '../../../../clients/cli/output/words.ts';
import { canonicalize, type JsonValue } from '../../../../core/canonical/index.ts';
import { policyJson, POLICY_ENTITY } from '../../../../core/changes/index.ts';
import { config } from '../../../../nervous.config.ts';

const policy = policyJson(config);

type Draft = { -readonly [Key in string]: Draft } & Draft[] & { [Symbol.iterator]: () => Iterator<Draft> };

/** The lines of a change of the sample's roster and risk table. */
function changed(change: (draft: { roster: Draft; risk: Draft }) => void): string[] {
  const draft = structuredClone(policy) as unknown as { roster: Draft; risk: Draft };
  change(draft);
  return differenceLines(POLICY_ENTITY, policy, draft);
}

function find(list: Draft | undefined, key: string, name: string): Record<string, unknown> {
  const found = (list as unknown as Record<string, unknown>[]).find((one) => one[key] === name);
  if (found === undefined) throw new Error(`the sample has no ${name}`);
  return found;
}

describe('U6: a change of roster or risk rules', () => {
  it('says who comes, as what, wherever in the list they stand', () => {
    const zoe = { personId: 'zoe', name: 'Zoe Malik', accounts: ['zoe'], roles: ['risk'] };
    const lines = changed(({ roster }) => void (roster['people'] as unknown as unknown[]).unshift(zoe));
    expect(lines).toEqual(['+ person zoe: risk (Zoe Malik; accounts zoe)']);
  });

  it('says who goes, and what somebody gains and loses', () => {
    const lines = changed(({ roster }) => {
      roster['people'] = (roster['people'] as unknown as { personId: string }[]).filter(
        ({ personId }) => personId !== 'dan',
      ) as unknown as Draft;
      find(roster['people'], 'personId', 'clara')['roles'] = ['risk'];
      find(roster['people'], 'personId', 'boris')['accounts'] = ['boris'];
    });
    expect(lines).toEqual([
      '- person dan: risk (Dan Kral; accounts dan)',
      '~ person boris: - accounts: boris-mobile',
      '~ person clara: - roles: peer',
      '~ person clara: + roles: risk',
    ]);
  });

  it('says what an agent, a role and a rule become', () => {
    const lines = changed(({ roster, risk }) => {
      find(roster['agents'], 'id', 'budget-bot')['owner'] = 'boris';
      (roster['roles'] as unknown as Record<string, { overrides: string[] }>)['peer']?.overrides.push('account:*');
      roster['separation'] = [] as unknown as Draft;
      const small = find(risk['rules'], 'name', 'small');
      small['approvals'] = 0;
      risk['rules'] = (risk['rules'] as unknown as { name: string }[]).filter(
        ({ name }) => name !== 'large money',
      ) as unknown as Draft;
      (risk as unknown as Record<string, unknown>)['decisionHours'] = 24;
    });
    expect(lines).toEqual([
      '~ /risk/decisionHours: 168 → 24',
      expect.stringMatching(/^- rule "large money": L3, asks 2 of owner, risk, waits 60 minutes; when \{/) as string,
      '~ rule "small": approvals: 1 → 0',
      '~ agent budget-bot: owner: "ana" → "boris"',
      '~ role peer: + overrides: account:*',
      '- one person may be both owner and risk from then on',
      '- one person may be both owner and security from then on',
      '- one person may be both risk and security from then on',
      '- one person may be both operator and owner from then on',
      '- one person may be both operator and risk from then on',
      '- one person may be both operator and security from then on',
    ]);
  });
});

describe('U6: a change of a document', () => {
  it('goes by path, and lists by the names of their members', () => {
    const before = {
      limit: '5.00',
      loans: [
        { id: 7, amount: '1.00' },
        { id: 8, amount: '2.00' },
      ],
      tags: ['a', 'b'],
    };
    const after = {
      loans: [
        { id: 9, amount: '3.00' },
        { id: 7, amount: '1.50' },
      ],
      tags: ['b', 'c'],
      'a/b': null,
    };
    expect(differenceLines('account:1', before, after)).toEqual([
      '+ /a~1b: null',
      '- /limit: "5.00"',
      '- /loans[8]: {"id":8,"amount":"2.00"}',
      '+ /loans[9]: {"id":9,"amount":"3.00"}',
      '~ /loans[7]/amount: "1.00" → "1.50"',
      '- /tags: "a", in the list',
      '+ /tags: "c", in the list',
    ]);
  });

  it('tells another order, and a document that comes or goes', () => {
    expect(differenceLines('a', { x: [1, 2] }, { x: [2, 1] })).toEqual(['~ /x: the order, [1,2] → [2,1]']);
    expect(differenceLines('a', null, { x: 1 })).toEqual(['+ /x: 1']);
    expect(differenceLines('a', { x: 1 }, null)).toEqual(['- /x: 1']);
    expect(differenceLines('a', null, {})).toEqual(['~ the document: null → {}']);
  });

  it('has a line for whatever differs, and none for what does not', () => {
    const json = fc.jsonValue({ maxDepth: 4, noUnicodeString: true }) as fc.Arbitrary<JsonValue>;
    const members = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c'), x: fc.integer({ min: 0, max: 2 }) }));
    const document = fc.oneof(
      json,
      fc.record({ list: members }),
      fc.record({ roster: fc.record({ people: members }) }),
    );
    fc.assert(
      fc.property(document, document, fc.constantFrom('account:1', POLICY_ENTITY), (before, after, entity) => {
        const isSame = canonicalize(before) === canonicalize(after);
        expect(differenceLines(entity, before, after).length === 0).toBe(isSame);
      }),
      { numRuns: 1_000 },
    );
  });
});
