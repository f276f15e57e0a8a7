/** What this page has seen of chains since it was opened: entries that it verified, and votes that it was given a receipt for. None may go away. */
export interface SeenEntry {
  readonly seq: number;
  readonly hash: string;
  readonly where: string;
}

export interface Seen {
  of(entity: string): readonly SeenEntry[];
  add(entity: string, entry: SeenEntry): void;
}

export function createSeen(): Seen {
  const seen = new Map<string, Map<number, SeenEntry>>();
  return {
    of: (entity) => [...(seen.get(entity)?.values() ?? [])],
    add: (entity, entry) => {
      const chain = seen.get(entity) ?? new Map<number, SeenEntry>();
      if (!chain.has(entry.seq)) chain.set(entry.seq, entry); // the first word counts
      seen.set(entity, chain);
    },
  };
}
