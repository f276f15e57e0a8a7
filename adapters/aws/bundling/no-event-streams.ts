/** Takes the place of the SDK's event streams in a bundle: no operation that a function calls has one. */
const absent = (): never => {
  throw new Error('this bundle has no event streams: see lib/functions/bundling.ts');
};

export const EventStreamSerde = absent;
export const eventStreamSerdeProvider = absent;
/** Asked for when a client is made that has such operations, called or not. */
export const resolveEventStreamSerdeConfig = <Config>(config: Config): Config => config;
