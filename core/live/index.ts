export { matchSessions, type Candidate, type Need } from './matching.ts';
export { goneAt, isAlive, type Heard } from './presence.ts';
