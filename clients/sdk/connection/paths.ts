/** Paths of the API that are made of names. */

/** An id as one segment of a path. Its slashes are encoded twice: API Gateway decodes once before it looks at a path. */
export function pathSegment(id: string): string {
  return encodeURIComponent(id).replaceAll('%2F', '%252F');
}

/** Where a session key is revoked. @param key `keys/<16 hex>`, as it is named in the ledger, or the 16 hex digits */
export function revocationOf(key: string): string {
  return `/v1/keys/${encodeURIComponent(key.trim().replace(/^keys\//, ''))}/revoke`;
}
