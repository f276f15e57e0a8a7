/** Who counts as one initiator, and who answers for what was initiated. */
import { expect, it } from 'vitest';
import { answerableFor, initiatorOf } from '../../../core/policy/rights.ts';
import type { Principal } from '../../../core/policy/index.ts';

const person = { kind: 'person', id: 'ann-admin', personId: 'ann' } as Principal;
const agent = { kind: 'agent', id: 'bot', owner: 'bob', logic: 'bot@1' } as Principal;
const module = { kind: 'module', id: 'shop' } as Principal;
const service = { kind: 'service', id: 'nervous-system', publishes: [] } as unknown as Principal;

it('is the person under every account, and others by their ids', () => {
  expect([person, agent, module, service].map(initiatorOf)).toEqual([
    ...['person:ann', 'agent:bot', 'module:shop', 'service:nervous-system'],
  ]);
});

it('is answered for by the person, by the agent’s owner, or by nobody', () => {
  expect([person, agent, module, service].map(answerableFor)).toEqual([['ann'], ['bob'], [], []]);
});
