/** Draws what an event costs over what a ledger holds: one line for each thing that grows, against its first point. */

export interface Line {
  readonly name: string;
  readonly points: readonly { readonly at: number; readonly cpuUs: number }[];
}

const SIZE = { width: 640, height: 320, left: 56, right: 130, top: 24, bottom: 44 };
const COLOURS = ['#1b6ca8', '#c8553d', '#2f855a'];
const GOAL = 1.3;
const MOST = 2;

export function plotOf(lines: readonly Line[]): string {
  const decades = Math.max(...lines.flatMap(({ points }) => points.map(({ at }) => Math.log10(at))));
  const x = (at: number): number => SIZE.left + (Math.log10(at) / decades) * (SIZE.width - SIZE.left - SIZE.right);
  const y = (ratio: number): number =>
    SIZE.height - SIZE.bottom - (ratio / MOST) * (SIZE.height - SIZE.top - SIZE.bottom);
  const at = (n: number): string => n.toFixed(1);
  const grid = [0, 0.5, 1, GOAL, 2].map(
    (ratio) =>
      `<line x1="${SIZE.left}" x2="${SIZE.width - SIZE.right}" y1="${at(y(ratio))}" y2="${at(y(ratio))}" stroke="${ratio === GOAL ? '#888' : '#ddd'}"${ratio === GOAL ? ' stroke-dasharray="4 4"' : ''}/>` +
      `<text x="${SIZE.left - 8}" y="${at(y(ratio) + 4)}" text-anchor="end">${ratio} ×</text>`,
  );
  const ticks = Array.from({ length: Math.round(decades) + 1 }, (_, power) => {
    const label = (10 ** power).toLocaleString('en-US');
    return `<text x="${at(x(10 ** power))}" y="${SIZE.height - SIZE.bottom + 18}" text-anchor="middle">${label}</text>`;
  });
  const drawn = lines.map(({ name, points }, i) => {
    const first = points[0]?.cpuUs ?? NaN;
    const path = points.map((point) => `${at(x(point.at))},${at(y(Math.min(MOST, point.cpuUs / first)))}`).join(' ');
    const colour = COLOURS[i % COLOURS.length] ?? '';
    const label = `<text x="${SIZE.width - SIZE.right + 10}" y="${SIZE.top + 20 + i * 20}" fill="${colour}">${name}</text>`;
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${label}`;
  });
  const title = `<text x="${SIZE.left}" y="14">processor time of an event, against the first point; dashed: the goal, ${GOAL} ×</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="#fff"/>\n${[title, ...grid, ...ticks, ...drawn].join('\n')}\n</svg>\n`;
}
