/** The system with everything it can do: what an engine in one process runs. */
import { assembleSystem, type BuiltSystem } from './assemble-system.ts';
import type { NervousConfig } from '../config/config.ts';
import type { Ports } from '../contract/ports.ts';
import { changing, governing, ingesting, mapping, publishing, reading, verifying } from './use-cases.ts';

export function createNervousSystem(ports: Ports, config: NervousConfig): BuiltSystem {
  return assembleSystem(ports, config, {
    ...publishing,
    ...ingesting,
    ...changing,
    ...governing,
    ...reading,
    ...mapping,
    ...verifying,
  });
}
