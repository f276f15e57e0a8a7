/** Decisions as a page to print: one file, no script, nothing fetched. What others wrote is text there, whatever it looks like. */
import type { JsonValue } from '../../../core/canonical/index.ts';
import { reportColumns, type ApprovalReport, type ReportFilter } from '../../../core/changes/index.ts';
import { must } from '../../../core/errors/index.ts';
import { printable } from './output.ts';

const STYLE =
  'body{font:10pt sans-serif;margin:1.5cm}table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:2pt 4pt;' +
  'text-align:left;vertical-align:top;overflow-wrap:anywhere}thead{display:table-header-group}tr{break-inside:avoid}' +
  '@page{size:A4 landscape;margin:1cm}';
/** Whatever got into it, a browser neither runs nor fetches it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const ESCAPED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function approvalsPage(
  columns: readonly string[],
  {
    source,
    filter,
    report,
  }: { readonly source: string; readonly filter: ReportFilter; readonly report: ApprovalReport },
): string {
  const { rows, entries, unreadable, broken, notChecked } = report;
  const asked = Object.entries(filter).map(([name, value]) => `${name} ${String(value)}`);
  const faults = [
    ...broken.map(
      ({ entity, seq }) => `The chain of ${entity} breaks at entry #${seq}: nothing from there on is in a row.`,
    ),
    ...(unreadable === 0 ? [] : [`${unreadable} steps cannot be read and are in no row.`]),
  ];
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>Decisions</title><style>${STYLE}</style></head>
<body>
<h1>Decisions</h1>
<p>${text(`${rows.length} decisions from ${entries} entries of ${source}${asked.length === 0 ? '' : `; ${asked.join(', ')}`}`)}</p>
${faults.map((fault) => `<p><strong>${text(fault)}</strong></p>\n`).join('')}<table>
<thead><tr>${columns.map((name) => `<th>${text(name)}</th>`).join('')}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${columns.map((name) => `<td>${text(must(reportColumns(row)[name], name))}</td>`).join('')}</tr>\n`).join('')}</tbody>
</table>
<h2>How to check a row</h2>
<p>nervous entities proof &lt;entity&gt; &lt;seq&gt; --out row.proof, and nervous verify proof row.proof: the entry there has the hash of the row.</p>
<h2>Not checked</h2>
<ul>${notChecked.map((what) => `<li>${text(what)}</li>`).join('')}</ul>
</body>
</html>
`;
}

function text(value: JsonValue): string {
  const shown = printable(typeof value === 'string' ? value : JSON.stringify(value));
  return shown.replace(/[&<>"']/g, (char) => must(ESCAPED[char], 'an escape'));
}
