/** What a service says in JSON: the answer, or why there is none. Untrusted, as anything from outside. */
import type { Refusal } from './service-error.ts';

export function objectOf(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** `__type` may carry a namespace before the name: `com.amazonaws.kms#DisabledException`. */
export function refusalIn(body: Uint8Array): Refusal {
  const said = objectOf(body) ?? {};
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return {
    serviceCode: text(said['__type'])?.replace(/^.*#/, ''),
    detail: text(said['message']) ?? text(said['Message']),
  };
}
