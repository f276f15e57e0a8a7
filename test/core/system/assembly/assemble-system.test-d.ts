/** Checked by the compiler alone: a system has what its process was given, and asks for the ports of that and of nothing else. */
import {
  assembleSystem,
  deciding,
  mapping,
  proposing,
  publishing,
  reading,
  type Ground,
  type Ports,
} from '../../../../core/system/index.ts';
import type { DeliveryReports } from '../../../../core/events/index.ts';

declare const ground: Ground;
declare const ports: Ports;
declare const reports: { readonly bus: DeliveryReports };
const { sealer, bus, onChangeStep } = ports;

export const publishers = assembleSystem(ground, { sealer, bus }, publishing);
export type Given = (typeof publishers.system)['publish' | 'guards' | 'reveal'];
// @ts-expect-error a system that was built without createFeed has no feed
export type Absent = (typeof publishers.system)['feed'];

export const deciders = assembleSystem(ground, { sealer, bus, onChangeStep }, deciding);
export type Decide = (typeof deciders.system.changes)['decide'];
// @ts-expect-error nor what another group of acts on change-sets gives
export type Propose = (typeof deciders.system.changes)['propose'];

// @ts-expect-error acts on change-sets tell the workflow
assembleSystem(ground, { sealer, bus }, proposing);

export const readers = assembleSystem(ground, { ...reports, pause: async () => {} }, mapping);
// @ts-expect-error who records nothing has nothing to record with
export type Recording = (typeof readers.appender)['append'];

// @ts-expect-error a part's name that there is not
assembleSystem(ground, ports, { ...publishing, createFeeds: reading.createFeed });

// @ts-expect-error a shorthand of another name gives nothing by that of the part
assembleSystem(ground, ports, { feedPart: reading.createFeed });

// @ts-expect-error publishing rests on an appender
assembleSystem(ground, ports, { createPublish: publishing.createPublish });

declare const perhaps: { readonly createFeed?: typeof reading.createFeed };
// @ts-expect-error what may be there or not gives no system that has it
assembleSystem(ground, ports, perhaps);
