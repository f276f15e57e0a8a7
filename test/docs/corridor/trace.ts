/**
 * Which file enters which: loaded before a program (`node --import`), it has every function of the product say that it was
 * called, and from where. A return is no entry, nor is the rest of an async function after an `await`.
 */
import { registerHooks } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const PRODUCT = /^(?:api|core|adapters\/memory)\//;
/** Frames of one call that are looked at: what lies between is only Node's and zod's. */
const MAX_FRAMES = 40;

export interface Entered {
  readonly file: string;
  readonly name: string;
  /** undefined: nobody in the product, such as the event loop */
  readonly from: string | undefined;
}

let trace: Entered[] | undefined;

/** What is entered until `stop`. */
export function start(): void {
  trace = [];
}

export function stop(): readonly Entered[] {
  const entered = trace ?? [];
  trace = undefined;
  return entered;
}

declare global {
  var entering: (() => void) | undefined;
}

globalThis.entering = (): void => {
  if (trace === undefined) return;
  const [callee, ...callers] = sites().slice(2);
  const file = productFile(callee);
  if (file === undefined) return;
  const from = callers.filter((site) => !site.isAsync()).map(productFile).find((path) => path !== undefined);
  if (from !== file) trace.push({ file, name: callee?.getFunctionName() ?? '', from });
};

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.startsWith('file:') || !PRODUCT.test(relative(REPOSITORY, fileURLToPath(url)))) return loaded;
    return { ...loaded, source: saying(textOf(loaded.source)) };
  },
});

/** The source with a call of `entering` at the beginning of each function. */
function saying(source: string): string {
  const tree = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  const insertions: [at: number, text: string][] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const { body } = node;
      if (ts.isBlock(body)) insertions.push([body.getStart() + 1, 'entering();']);
      else insertions.push([body.getStart(), '(entering(), '], [body.getEnd(), ')']);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return insertions
    .map(([at, text], i) => ({ at, text, i }))
    .sort((a, b) => b.at - a.at || b.i - a.i)
    .reduce((text, one) => text.slice(0, one.at) + one.text + text.slice(one.at), source);
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray | undefined): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source);
}

function sites(): NodeJS.CallSite[] {
  const before = { ...Error };
  Object.assign(Error, { prepareStackTrace: (_: Error, all: unknown) => all, stackTraceLimit: MAX_FRAMES });
  const { stack } = new Error() as unknown as { stack: NodeJS.CallSite[] };
  Reflect.deleteProperty(Error, 'prepareStackTrace');
  Object.assign(Error, before);
  return stack;
}

function productFile(site: NodeJS.CallSite | undefined): string | undefined {
  const url = site?.getFileName();
  if (url == null || !url.startsWith(pathToFileURL(REPOSITORY).href)) return undefined;
  const file = relative(REPOSITORY, fileURLToPath(url));
  return PRODUCT.test(file) ? file : undefined;
}
