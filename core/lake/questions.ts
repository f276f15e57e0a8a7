/**
 * Questions that auditors ask, as SQL that runs as it is in DuckDB and in Athena: the tables are named after the classes. Nothing in
 * them depends on what a ledger is used for; the payloads of events are in the second line of `raw_data`.
 */
export interface Question {
  readonly name: string;
  readonly about: string;
  readonly sql: string;
}

export const QUESTIONS: readonly Question[] = [
  {
    name: 'votes',
    about: 'who decided what, on which entity, for whose change-set',
    sql: `SELECT time, unmapped.change.person AS person, unmapped.change.decision AS decision, unmapped.entity AS entity, unmapped.change.uid AS change_set, unmapped.position AS position
FROM api_activity WHERE metadata.event_code = 'change.voted' ORDER BY position`,
  },
  {
    name: 'approvals-by-person',
    about: 'how many approvals and rejections each person gave',
    sql: `SELECT unmapped.change.person AS person, unmapped.change.decision AS decision, count(*) AS votes
FROM api_activity WHERE metadata.event_code = 'change.voted' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
  },
  {
    name: 'overrides',
    about: 'emergency approvals by one person, with the reason',
    sql: `SELECT time, unmapped.change.person AS person, unmapped.entity AS entity, unmapped.change.uid AS change_set, unmapped.change.reason AS reason, unmapped.position AS position
FROM detection_finding WHERE unmapped.type = 'change.overridden' ORDER BY position`,
  },
  {
    name: 'overrides-without-review',
    about: 'emergency approvals that nobody reviewed yet',
    sql: `SELECT f.unmapped.entity AS entity, f.unmapped.change.uid AS change_set, f.unmapped.change.person AS person, f.time AS time, f.unmapped.position AS position
FROM detection_finding f LEFT JOIN api_activity r ON r.metadata.event_code = 'change.reviewed' AND r.unmapped.change.uid = f.unmapped.change.uid
WHERE f.unmapped.type = 'change.overridden' AND r.class_uid IS NULL ORDER BY position`,
  },
  {
    name: 'agents-by-level',
    about: 'change-sets that agents proposed, by the risk level they were given',
    sql: `SELECT a.unmapped.change.level AS level, p.actor.user.uid AS agent, count(DISTINCT p.unmapped.change.uid) AS change_sets
FROM api_activity p JOIN api_activity a ON a.metadata.event_code = 'change.assessed' AND a.unmapped.change.uid = p.unmapped.change.uid
WHERE p.metadata.event_code = 'change.proposed' AND p.actor.user.type = 'agent' GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2`,
  },
  {
    name: 'findings',
    about: 'what agents were refused, tampering that was observed, overrides, and losses of the log',
    sql: `SELECT time, severity_id, finding_info.title AS title, unmapped.position AS position
FROM detection_finding ORDER BY severity_id DESC, position`,
  },
  {
    name: 'documents',
    about: 'which documents came to be, changed, or are gone, and how often',
    sql: `SELECT entity.uid AS entity, activity_id, count(*) AS times, max(time) AS newest
FROM entity_management GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
  },
  {
    name: 'delegations',
    about: 'who was lent which roles, and by whom',
    sql: `SELECT time, activity_id, actor.user.uid AS giver, "user".uid AS receiver, privileges AS roles, unmapped.position AS position
FROM user_access ORDER BY position`,
  },
  {
    name: 'keys',
    about: 'keys that were certified, revoked or rotated',
    sql: `SELECT time, activity_name, "user".uid AS key_chain, unmapped.position AS position
FROM account_change ORDER BY position`,
  },
  {
    name: 'failures',
    about: 'change-sets that failed or could not be undone',
    sql: `SELECT time, metadata.event_code AS step, unmapped.entity AS entity, unmapped.change.uid AS change_set, unmapped.position AS position
FROM api_activity WHERE status_id = 2 ORDER BY position`,
  },
  {
    name: 'publishers',
    about: 'who published how many events of which topic, a day',
    sql: `SELECT eventDay, metadata.event_code AS topic, actor.user.uid AS publisher, count(*) AS events
FROM api_activity WHERE unmapped.type = 'event' GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2, 3`,
  },
  {
    name: 'entities',
    about: 'the entities about which most was recorded through the API',
    sql: `SELECT unmapped.entity AS entity, count(*) AS entries, max(metadata.sequence) AS newest_seq
FROM api_activity GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100`,
  },
];

/** What makes the tables of a lake in a folder known to DuckDB; a class of which nothing was exported has no files, and no table. */
export function duckDbTables(folder: string, classes: readonly string[]): string {
  const quoted = folder.replaceAll("'", "''");
  return classes
    .map(
      (name) =>
        `CREATE VIEW ${name} AS SELECT * FROM read_parquet('${quoted}/${name}/**/*.parquet', hive_partitioning = true);`,
    )
    .join('\n');
}
