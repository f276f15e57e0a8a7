/** Tests write ids, hashes and times down by hand: here they become what the product's checks would have made of them. */
export function checked<Branded extends string | number>(value: Branded extends number ? number : string): Branded {
  return value as unknown as Branded;
}
