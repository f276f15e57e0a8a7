/** What is said of whole versions and topics that come and go, and how deep a catalog may be. */
import { describe, expect, it } from 'vitest';
import { diffCatalogs, parseCatalogDocument, type CatalogDocument } from '../../../../core/events/index.ts';

type Version = readonly [version: number, type: string, description?: string];
const catalog = (...versions: Version[]): CatalogDocument =>
  parseCatalogDocument({
    topics: versions.map(([version, type, description = 'made']) => ({
      ...{ topic: 'things.made', version, description, schema: { type } },
    })),
  });
const said = (before: Version[], after: Version[]): string[] =>
  diffCatalogs(catalog(...before), catalog(...after)).map(
    ({ version, severity, detail }) => `${version} ${severity} ${detail}`,
  );

describe('a topic', () => {
  it('that is new says so, in each version', () => {
    expect(
      said(
        [],
        [
          [1, 'string'],
          [2, 'number'],
        ],
      ),
    ).toEqual(['1 minor new topic', '2 minor new topic']);
  });

  it('tells who publishes without a version when a newer one is there, and only then', () => {
    expect(
      said(
        [[2, 'string']],
        [
          [1, 'string'],
          [2, 'string'],
          [3, 'number'],
        ],
      ),
    ).toEqual([
      '1 minor new version',
      '3 minor new version: who publishes without naming a version now publishes this one',
    ]);
  });

  it('is gone as a whole, or in one version', () => {
    expect(
      said(
        [
          [1, 'string'],
          [2, 'string'],
        ],
        [],
      ),
    ).toEqual([
      expect.stringMatching(/^1 breaking the topic is gone/),
      expect.stringMatching(/^2 breaking the topic is gone/),
    ]);
    expect(
      said(
        [
          [1, 'string'],
          [2, 'string'],
        ],
        [[2, 'string']],
      ),
    ).toEqual([expect.stringMatching(/^1 breaking the version is gone/)]);
  });

  it('says once that its description changed, at its newest version', () => {
    expect(
      said(
        [
          [1, 'string', 'a'],
          [2, 'string', 'a'],
        ],
        [
          [1, 'string', 'b'],
          [2, 'string', 'b'],
        ],
      ),
    ).toEqual(['2 patch other description']);
  });

  it.each<[Version[], Version[], number]>([
    [[[1, 'string']], [[1, 'number']], 2],
    [
      [
        [1, 'string'],
        [3, 'string'],
      ],
      [
        [1, 'number'],
        [3, 'string'],
      ],
      4,
    ],
    [
      [[1, 'string']],
      [
        [1, 'number'],
        [5, 'string'],
      ],
      6,
    ],
    [
      [
        [1, 'string'],
        [7, 'string'],
      ],
      [[1, 'number']],
      8,
    ],
  ])('names the next free version for a shape that breaks: %j %j', (before, after, next) => {
    const fixes = diffCatalogs(catalog(...before), catalog(...after)).flatMap(({ version, fix }) =>
      version === 1 ? [fix] : [],
    );
    expect(fixes).toEqual([`leave version 1 as it was and declare the new shape as version ${next}`]);
  });
});

it('is as deep as 64 levels, and not one deeper', () => {
  const deep = (levels: number): object => (levels <= 1 ? {} : { not: deep(levels - 1) });
  const whole = (levels: number): unknown => ({
    topics: [{ topic: 'a.b', version: 1, description: '', schema: deep(levels - 3) }],
  });
  expect(() => parseCatalogDocument(whole(64))).not.toThrow();
  expect(() => parseCatalogDocument(whole(65))).toThrow(/deeper than 64 levels/);
});

it.each([7, 'x', null, []])('has a JSON Schema for each version: %j is none', (schema) => {
  const value = { topics: [{ topic: 'a.b', version: 1, description: '', schema }] };
  expect(() => parseCatalogDocument(value)).toThrow(/JSON Schema/);
});
