/**
 * Who may tell of an import: a module that was given the entities, of these entities; and of the import itself on its own chain alone,
 * so that nobody puts an end to another's.
 */
import { PolicyError, type Policy, type Principal } from '../../policy/index.ts';
import { importChain, IMPORT_RECORDED } from '../catalog/import-topics.ts';
import { moduleChain, type EventInput } from '../envelope/envelope.ts';

/** @param event of a topic of imports @throws PolicyError FORBIDDEN */
export function requireImport(
  policy: Pick<Policy, 'requireImport'>,
  principal: Principal,
  { topic, entityId, payload }: Pick<EventInput, 'topic' | 'entityId' | 'payload'>,
): void {
  const { source } = payload;
  if (topic === IMPORT_RECORDED) policy.requireImport(principal, entityId ?? moduleChain(principal.id));
  else if (typeof source === 'string' && entityId === importChain(source)) policy.requireImport(principal, undefined);
  else
    throw new PolicyError({
      code: 'FORBIDDEN',
      message: `"${topic}" is told of the entity import:<source>, and of no other`,
    });
}
