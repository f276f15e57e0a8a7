/** What a request is about, for the access journal: names, places and counts; nothing of what was read. */
import type { AccessSubject, EntryView } from '../core/system/index.ts';
import type { DeliveredEvent } from '../core/events/index.ts';
import { ENTITY_ID } from '../core/ledger/index.ts';
import { defined, isObject } from '../core/values/index.ts';
import type { Description } from './route.ts';

type About = NonNullable<Description['access']>;

/** `{id}` of the path is an entity. */
export const aboutEntity: About = ({ params }, result) => ({
  ...entities([textIn(params, 'id')]),
  ...(result === undefined ? {} : { count: result.status === 304 ? 0 : 1 }),
});

/** `{id}` is that of an event, a change-set; what comes out, if it is one, names its entity. */
export const aboutOne: About = ({ params }, result) => ({
  ...defined({ id: textIn(params, 'id') ?? textIn(params, 'workId') }),
  ...entities([textIn(result?.body, 'entityId') ?? textIn(memberOf(result?.body, 'event'), 'entityId')]),
  ...(result === undefined ? {} : { count: 1 }),
});

export const aboutEntries: About = (input, result) => {
  const entries = listIn(result?.body, 'entries') as readonly EntryView[] | undefined;
  return { ...aboutEntity(input), ...(entries === undefined ? {} : rangeOf(entries.map(({ seq }) => seq))) };
};

export const aboutProof: About = ({ query }, result) => {
  const seq = memberOf(query, 'seq') as number;
  return { ...entities([textIn(query, 'entity')]), ...rangeOf([seq]), count: result === undefined ? 0 : 1 };
};

export const aboutChanges: About = ({ query }, result) => {
  const changes = listIn(result?.body, 'changes');
  if (changes === undefined) return entities([textIn(query, 'entity')]);
  return { ...entities(changes.map((change) => textIn(change, 'entityId'))), count: changes.length };
};

/** A piece of the log as it was published: the hashes are nobody's secret, the bundles are all there is. */
export const aboutTile: About = ({ params }) => {
  const tile = textIn(params, 'tile');
  return tile?.startsWith('entries/') === true ? { id: tile } : undefined;
};

export const aboutList =
  (name: string): About =>
  (_, result) => {
    const list = listIn(result?.body, name);
    return list === undefined ? {} : { count: list.length };
  };

/** Of what is asked for in the body: an event, or a proposal. Its fields are what somebody sent. */
export const aboutBody: About = ({ body, params }, result) => {
  const events = listIn(body, 'events') ?? (Array.isArray(body) ? body : [body]);
  const rejected = listIn(result?.body, 'results')?.filter((one) => memberOf(one, 'status') === 'rejected');
  return {
    ...defined({ id: textIn(params, 'id'), code: textIn(memberOf(rejected?.[0], 'problem'), 'code') }),
    ...entities(events.map((event) => textIn(event, 'entityId') ?? textIn(event, 'subject'))),
    ...(rejected === undefined ? {} : { count: rejected.length }),
  };
};

/** `workId` of the body: the entity is that of the claim. */
export const aboutWork: About = ({ body }) => {
  const id = textIn(body, 'workId');
  return { ...entities([id === undefined ? undefined : `work:${id}`]) };
};

/** Before a page is read: the handler journals each page itself. */
export const aboutFeed: About = ({ query }, result) =>
  result === undefined ? entities([textIn(query, 'entity')]) : undefined;

/** undefined: there was nothing to see */
export function eventsRead(events: readonly DeliveredEvent[]): AccessSubject | undefined {
  if (events.length === 0) return undefined;
  const places = events.flatMap(({ ledger: { position } }) => (position === undefined ? [] : [position]));
  return { ...entities(events.map(({ entityId }) => entityId)), ...rangeOf(places), count: events.length };
}

function rangeOf(places: readonly number[]): AccessSubject {
  const [from, to] = [places[0], places.at(-1)];
  return { ...defined({ from, to }), count: places.length };
}

/** What is no entity's id is not named: it could be anything. */
function entities(ids: readonly (string | undefined)[]): AccessSubject {
  const named = ids.filter((id) => id !== undefined && ENTITY_ID.test(id)) as string[];
  return named.length === 0 ? {} : { entities: named };
}

function memberOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function textIn(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name);
  return typeof member === 'string' && member !== '' ? member : undefined;
}

function listIn(value: unknown, name: string): readonly unknown[] | undefined {
  const member = memberOf(value, name);
  return Array.isArray(member) ? (member as unknown[]) : undefined;
}
