import { READ_LOG_FILES } from '../_middleware/permission-sets.ts';

/** What the lake exporter does: reads what was published, and adds files to the lake. It has no key, no table, and deletes nothing. */
export const permissions = [
  ...READ_LOG_FILES,
  { action: 's3:GetObject', resource: 'lakeBucket' },
  { action: 's3:ListBucket', resource: 'lakeBucket' },
  { action: 's3:PutObject', resource: 'lakeBucket' },
] as const;
