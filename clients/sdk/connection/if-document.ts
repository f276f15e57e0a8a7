/** If-Match with the version of a document, as an entity's ETag names it. */

/** The header that says which document is meant. */
export function ifDocument(meant: { readonly version: number } | undefined): Readonly<Record<string, string>> {
  return meant === undefined ? {} : { 'if-match': `"v${meant.version}"` };
}
