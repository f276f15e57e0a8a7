export { codecOf, isUnreadable, UnreadableError, type Codec, type StoredValue } from './codec.ts';
export { countOf, defined } from './optional.ts';
export {
  anyOf,
  byTag,
  dictionary,
  epochMs,
  flag,
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
