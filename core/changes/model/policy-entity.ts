/** Roster and risk table in force are this entity's document. Apart from the store, because clients in browsers name it and have no zod. */
export const POLICY_ENTITY = 'registry:policy';
