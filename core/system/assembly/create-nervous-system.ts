/** The system with everything it can do: what an engine in one process runs. */
import { assembleSystem, type AssembledSystem } from './assemble-system.ts';
import type { GatedAppender } from '../../ledger/index.ts';
import type { NervousSystem } from '../contract/nervous-system.ts';
import type { Ports } from '../contract/ports.ts';
import type { Ground } from './ground.ts';
import {
  changing,
  claiming,
  governing,
  ingesting,
  mapping,
  noticing,
  publishing,
  reading,
  reporting,
  revoking,
  sending,
  subscribing,
  verifying,
} from './use-cases.ts';

export interface BuiltSystem extends Pick<AssembledSystem<object>, 'flush'> {
  readonly system: NervousSystem;
  readonly appender: GatedAppender;
}

export function createNervousSystem(ground: Ground, ports: Ports): BuiltSystem {
  return assembleSystem(ground, ports, {
    ...publishing,
    ...ingesting,
    ...claiming,
    ...changing,
    ...governing,
    ...revoking,
    ...reading,
    ...mapping,
    ...noticing,
    ...reporting,
    ...subscribing,
    ...sending,
    ...verifying,
  });
}
