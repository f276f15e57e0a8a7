/** Bytes in base64url without padding (RFC 4648 §5): one text for the same bytes, so that two verifiers read the same. */
import * as z from 'zod';

export function base64url(maxCharacters: number): z.ZodString {
  return z
    .string()
    .min(1)
    .max(maxCharacters)
    .regex(/^[A-Za-z0-9_-]+$/, 'must be base64url without padding');
}

/** undefined: it is none, or another text stands for the same bytes. */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
