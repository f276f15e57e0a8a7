/** The keys added or asked for most recently, at most `limit` of them: memory for duplicates in constant space. */
export class RecentKeys {
  private readonly keys = new Set<string>();
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  has(key: string): boolean {
    if (!this.keys.delete(key)) return false;
    this.keys.add(key); // a Set keeps the order of insertion: now it is the youngest
    return true;
  }

  add(key: string): void {
    this.keys.delete(key);
    this.keys.add(key);
    if (this.keys.size <= this.limit) return;
    const [oldest] = this.keys;
    if (oldest !== undefined) this.keys.delete(oldest);
  }
}
