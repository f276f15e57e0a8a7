/** Each route of the API is served by one function, and by the one that its group names. */
import { describe, expect, it } from 'vitest';
import { ROUTE_GROUPS, ROUTES } from '../../api/index.ts';

describe('the groups of routes', () => {
  it('hold every route once', () => {
    const grouped = Object.values(ROUTE_GROUPS).flat();
    const ids = grouped.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(grouped)).toEqual(new Set(ROUTES));
    expect(new Set(grouped.map(({ method, path }) => `${method} ${path}`)).size).toBe(grouped.length);
  });

  it('keep what writes apart from what reads', () => {
    expect(ROUTE_GROUPS.read.filter(({ method }) => method !== 'GET')).toEqual([]);
    expect(ROUTE_GROUPS.decisions.map(({ operationId }) => operationId)).toEqual([
      ...['decideChangeSet', 'revokeVote', 'overrideChangeSet', 'reviewChangeSet', 'resolveChangeSet'],
      ...['getPolicy', 'delegateVote', 'listDelegations', 'endDelegation'],
      'revokeSessionKey',
    ]);
    // What is stopped, or claimed, is shown where that is decided: the code of it is in one bundle only.
    expect(
      ROUTE_GROUPS.publish.filter(({ method }) => method !== 'POST').map(({ operationId }) => operationId),
    ).toEqual(['listGuards', 'listWork', 'getWork']);
  });
});
