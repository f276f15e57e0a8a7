import { describeEntryStore } from './entry-store.ts';
import { STORES } from './stores.ts';

for (const [name, open] of Object.entries(STORES))
  describeEntryStore(name, open, /SqliteStore|ThreadedStore/.test(name));
