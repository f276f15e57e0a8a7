/** The AsyncAPI document as a page: each topic of the sample with the payload of its versions. The document itself is a file of the site. */
import { escape, json } from './openapi-page.ts';

export interface AsyncApi {
  readonly channels: Readonly<
    Record<
      string,
      {
        readonly address?: unknown;
        readonly description?: string;
        readonly messages?: Readonly<Record<string, { readonly $ref?: string }>>;
      }
    >
  >;
  readonly components?: {
    readonly messages?: Readonly<
      Record<string, { readonly summary?: string; readonly description?: string; readonly payload?: object }>
    >;
  };
}

export function asyncApiPage({ channels, components }: AsyncApi): string {
  const sections = Object.entries(channels).flatMap(([name, { description, messages = {} }]) => [
    `## ${name}`,
    '',
    ...(description === undefined ? [] : [escape(description), '']),
    ...Object.entries(messages).flatMap(([message, { $ref = '' }]) => {
      const found = components?.messages?.[$ref.split('/').at(-1) ?? ''];
      return [`### ${name}: ${message}`, '', ...json(found?.payload ?? found ?? {})];
    }),
  ]);
  return [
    '# AsyncAPI',
    '',
    'For programs that publish and receive: the topics of the sample configuration, from the document that an engine answers at `GET /v1/asyncapi.json`',
    '([the same as a file](/asyncapi.json)). Yours comes from your own `nervous.config.ts`: `nervous catalog asyncapi`. [Events](./events.md) tells how topics change.',
    '',
    ...sections,
  ].join('\n');
}
