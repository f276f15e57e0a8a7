export { codecOf, isUnreadable, UnreadableError, type Codec, type StoredValue } from './codec.ts';
export { isObject } from './is-object.ts';
export { MOMENT_FORM, parseMoment, timeOfMoment, type Moment } from './moment.ts';
export { countOf, defined, orBlank, orNone } from './optional.ts';
export { branded, epochMs, hash, instant, json, jsonObject, stored, whole } from './stored.ts';
export {
  MS_PER_DAY,
  MS_PER_HOUR,
  MS_PER_MINUTE,
  MS_PER_SECOND,
  SECONDS_PER_DAY,
  SECONDS_PER_MINUTE,
} from './time-units.ts';
