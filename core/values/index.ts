export { codecOf, isUnreadable, UnreadableError, type Codec, type StoredValue } from './codec.ts';
export { countOf, defined, orBlank, orNone } from './optional.ts';
export {
  anyOf,
  byTag,
  dictionary,
  epochMs,
  flag,
  hash,
  instant,
  json,
  jsonObject,
  isObject,
  list,
  matching,
  nullable,
  number,
  object,
  oneOf,
  ofSchema,
  optional,
  text,
  whole,
  type Shape,
} from './shape.ts';
export {
  MS_PER_DAY,
  MS_PER_HOUR,
  MS_PER_MINUTE,
  MS_PER_SECOND,
  SECONDS_PER_DAY,
  SECONDS_PER_MINUTE,
} from './time-units.ts';
