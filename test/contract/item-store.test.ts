import { describeItemStore } from './item-store.ts';
import { STORES } from './stores.ts';

for (const [name, open] of Object.entries(STORES)) describeItemStore(name, open);
