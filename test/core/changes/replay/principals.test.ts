/** Whom an entry's actor stands for, by the roster in force. */
import { expect, it } from 'vitest';
import { notTheSystem, otherPerson, principalOf } from '../../../../core/changes/replay/principals.ts';
import type { Actor } from '../../../../core/ledger/index.ts';
import { createPolicy } from '../../../../core/policy/index.ts';
import { roster } from '../fixture.ts';

const inForce = { policy: createPolicy(roster, {}) };
const actor = (kind: string, id: string, logic?: string): Actor =>
  ({ kind, id, ...(logic === undefined ? {} : { logic }) }) as Actor;

it('is a person of the roster, an agent by its logic, or a module that nobody is', () => {
  expect(principalOf(inForce, actor('person', 'ann-admin'))).toMatchObject({ kind: 'person', personId: 'ann' });
  expect(principalOf(inForce, actor('agent', 'advisor', 'advisor@3'))).toMatchObject({ kind: 'agent', owner: 'bob' });
  expect(principalOf(inForce, actor('module', 'shop'))).toEqual({ kind: 'module', id: 'shop' });
  expect(principalOf(inForce, actor('agent', 'advisor', 'advisor@2'))).toContain('acts by "advisor@2"');
  expect(principalOf(inForce, actor('agent', 'advisor'))).toContain('acts by ""');
  expect(principalOf(inForce, actor('module', 'ann'))).toContain('is not in the roster in force');
  expect(principalOf(inForce, actor('agent', 'ann'))).toContain('is not in the roster in force');
  expect(principalOf(inForce, actor('person', 'shop'))).toContain('is not in the roster in force');
});

it('decides as the person whose account it is, and as nobody else', () => {
  expect(otherPerson(inForce, actor('person', 'ann-admin'), 'ann')).toBeUndefined();
  expect(otherPerson(inForce, actor('person', 'ann-admin'), 'bob')).toContain('is no account of bob');
  expect(otherPerson(inForce, actor('person', 'nobody'), 'nobody')).toContain('is no account of nobody');
  expect(otherPerson(inForce, actor('person', 'advisor'), 'bob')).toContain('is no account of bob');
  expect(otherPerson(inForce, actor('agent', 'ann'), 'ann')).toContain('cannot decide');
});

it('is the system under its one name', () => {
  expect(notTheSystem(actor('service', 'nervous-system'))).toBeUndefined();
  expect(notTheSystem(actor('service', 'other'))).toContain('is not the system');
  expect(notTheSystem(actor('module', 'nervous-system'))).toContain('is not the system');
});
