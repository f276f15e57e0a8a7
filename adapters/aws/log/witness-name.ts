/** The witness's key name in cosignature lines. @param origin of the log it serves */
export function witnessName(origin: string): string {
  return `${origin}/witness`;
}
