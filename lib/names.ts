/**
 * What may begin physical names. No two systems of one account may have names of which one begins like the other's, or the
 * one finds (and removes) what the other made: a dash ends a system's name everywhere, so it holds none.
 */
import { topicDomain } from '../core/events/index.ts';

const NAME = /^[a-z][a-z0-9]{0,15}$/;

/** What is wrong with the name of a system; undefined: nothing. */
export function nameProblem(name: string): string | undefined {
  return NAME.test(name) ? undefined : 'must be 1-16 of a-z 0-9, beginning with a letter';
}

/** The bus that brings events in is called after this; a domain of this name would be the same bus. */
export const INGRESS = 'ingress';

/** What is wrong with topics of these names; undefined: nothing. */
export function domainProblem(topics: readonly string[]): string | undefined {
  const topic = topics.find((name) => topicDomain(name) === INGRESS);
  return topic === undefined
    ? undefined
    : `topic "${topic}" cannot be deployed: "${INGRESS}" is the name of the bus that brings events in; give it another domain`;
}
