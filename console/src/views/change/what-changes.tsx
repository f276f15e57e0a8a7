/**
 * What a change-set does to the document, field by field, and whether this browser found the hashes that a vote binds to. Nothing is green
 * that the browser did not compute.
 */
import type { JSX } from 'preact';
import { differences, type Difference } from '../../../../clients/cli/output/difference.ts';
import { differenceLines, pathOf } from '../../../../clients/cli/output/words.ts';
import type { ChangeView } from '../../../../core/changes/index.ts';
import type { JsonValue } from '../../../../core/canonical/index.ts';
import { Hash, Json, Line, Wide } from '../../parts/parts.tsx';
import type { ShownVerdict } from '../../verify/shown.ts';

export function WhatChanges({
  change,
  verdict,
}: {
  readonly change: ChangeView;
  readonly verdict: ShownVerdict;
}): JSX.Element {
  const { preview, operations } = change;
  return (
    <section>
      <h2>What changes</h2>
      {preview?.kind === 'preview' ? (
        <>
          <p class="quiet">
            {preview.version === 0 ? 'There is no document yet.' : `On version ${preview.version} of the document.`}
          </p>
          <Words entityId={change.entityId} before={preview.before} after={preview.after} />
          <Fields before={preview.before} after={preview.after} />
          <Documents before={preview.before} after={preview.after} />
        </>
      ) : (
        <p>
          {preview === undefined
            ? 'It touches no document.'
            : `It does not fit the document as it is now: ${preview.reason}`}
        </p>
      )}
      <details>
        <summary>Operations ({operations.length}), as they are hashed</summary>
        <ol>
          {operations.map((operation, i) => (
            <li key={i}>
              {operation.type} by {operation.executor} <Json value={operation.payload} />
            </li>
          ))}
        </ol>
      </details>
      <Verdict change={change} verdict={verdict} />
    </section>
  );
}

/** Only of roster and risk rules, which have sentences of their own. */
function Words(props: {
  readonly entityId: string;
  readonly before: JsonValue;
  readonly after: JsonValue;
}): JSX.Element | null {
  const { entityId, before, after } = props;
  if (!entityId.startsWith('registry:')) return null;
  return (
    <ul>
      {differenceLines(entityId, before, after).map((line) => (
        <li key={line}>
          <Line text={line} />
        </li>
      ))}
    </ul>
  );
}

const WORDS: Readonly<Record<Difference['op'], string>> = {
  ...{ add: 'added', gain: 'comes in', remove: 'removed', lose: 'goes', replace: 'changed', reorder: 'reordered' },
};

function Fields({ before, after }: { readonly before: JsonValue; readonly after: JsonValue }): JSX.Element {
  const rows = differences(before, after);
  if (rows.length === 0) return <p>Nothing changes.</p>;
  return (
    <Wide label="Fields that change">
      <table>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">How</th>
            <th scope="col">Was</th>
            <th scope="col">Becomes</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              <th scope="row">
                <Line text={pathOf(row.path)} />
              </th>
              <td>{WORDS[row.op]}</td>
              <td class="was">
                <Json value={wasOf(row)} />
              </td>
              <td class="becomes">
                <Json value={row.op === 'remove' || row.op === 'lose' ? undefined : row.value} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function wasOf(row: Difference): JsonValue | undefined {
  if (row.op === 'replace' || row.op === 'reorder') return row.before;
  return row.op === 'remove' || row.op === 'lose' ? row.value : undefined;
}

function Documents({ before, after }: { readonly before: JsonValue; readonly after: JsonValue }): JSX.Element {
  return (
    <details>
      <summary>The document before and after</summary>
      <p>
        Before: <Json value={before} />
      </p>
      <p>
        After: <Json value={after} />
      </p>
    </details>
  );
}

function Verdict({ change, verdict }: { readonly change: ChangeView; readonly verdict: ShownVerdict }): JSX.Element {
  const { problems, contentHash } = verdict;
  if (problems.length > 0)
    return (
      <div class="verdict bad" role="alert" data-verdict="refused">
        <strong>Do not decide on this.</strong>
        <ul>
          {problems.map((problem) => (
            <li key={problem}>
              <Line text={problem} />
            </li>
          ))}
        </ul>
        <p>The server names the content hash</p>
        <Hash value={change.contentHash} />
        {contentHash === undefined ? null : (
          <>
            <p>This browser computed</p>
            <Hash value={contentHash} />
          </>
        )}
      </div>
    );
  return (
    <div class="verdict good" data-verdict="shown">
      <strong>What you see is what a vote binds to.</strong> This browser hashed it anew; compare the hash with another
      screen:
      <Hash value={change.contentHash} />
    </div>
  );
}
