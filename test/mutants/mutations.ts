/** Every place of a source file where one operator or condition can be changed, and what it becomes. Knows no tests. */
import ts from 'typescript';

export interface Mutation {
  /** path in the repository */
  readonly file: string;
  /** 1-based */
  readonly line: number;
  /** offsets in the file, in UTF-16 code units */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** the line before and after, without white space at its ends */
  readonly was: string;
  readonly became: string;
}

const K = ts.SyntaxKind;
const OPERATORS: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [K.EqualsEqualsEqualsToken, '!=='],
  [K.ExclamationEqualsEqualsToken, '==='],
  [K.LessThanToken, '<='],
  [K.LessThanEqualsToken, '<'],
  [K.GreaterThanToken, '>='],
  [K.GreaterThanEqualsToken, '>'],
  [K.AmpersandAmpersandToken, '||'],
  [K.BarBarToken, '&&'],
  [K.PlusToken, '-'],
  [K.MinusToken, '+'],
  [K.AsteriskToken, '/'],
  [K.SlashToken, '*'],
  [K.PercentToken, '*'],
]);
const METHODS: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  min: 'max',
  max: 'min',
  floor: 'ceil',
  ceil: 'floor',
};

type Edit = readonly [start: number, end: number, text: string];

export function mutationsOf(file: string, source: string): Mutation[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: Mutation[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    for (const edit of editsOf(node)) found.push(described(file, source, edit));
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

export function mutated(source: string, { start, end, text }: Pick<Mutation, 'start' | 'end' | 'text'>): string {
  return source.slice(0, start) + text + source.slice(end);
}

function editsOf(node: ts.Node): Edit[] {
  if (ts.isBinaryExpression(node)) {
    const { operatorToken: token } = node;
    const other = OPERATORS.get(token.kind);
    return other === undefined || isText(node) ? [] : [[token.getStart(), token.end, other]];
  }
  if (ts.isIfStatement(node)) return [negated(node.expression)];
  if (ts.isConditionalExpression(node)) return [negated(node.condition)];
  if (ts.isPrefixUnaryExpression(node) && node.operator === K.ExclamationToken)
    return [[node.getStart(), node.operand.getStart(), '']];
  if (node.kind === K.TrueKeyword) return [[node.getStart(), node.end, 'false']];
  if (node.kind === K.FalseKeyword) return [[node.getStart(), node.end, 'true']];
  if (ts.isPropertyAccessExpression(node) && ts.isCallExpression(node.parent) && node.parent.expression === node) {
    const other = Object.hasOwn(METHODS, node.name.text) ? METHODS[node.name.text] : undefined;
    return other === undefined ? [] : [[node.name.getStart(), node.name.end, other]];
  }
  return [];
}

function negated(condition: ts.Expression): Edit {
  return [condition.getStart(), condition.end, `!(${condition.getText()})`];
}

/** `+` between texts: minus would be NaN, which says nothing about a test. */
function isText({ operatorToken, left, right }: ts.BinaryExpression): boolean {
  if (operatorToken.kind !== K.PlusToken) return false;
  return [left, right].some((side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side));
}

function described(file: string, source: string, [start, end, text]: Edit): Mutation {
  const from = source.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = source.indexOf('\n', end);
  const to = lineEnd < 0 ? source.length : lineEnd;
  return {
    ...{ file, start, end, text },
    line: source.slice(0, start).split('\n').length,
    was: source.slice(from, to).trim(),
    became: (source.slice(from, start) + text + source.slice(end, to)).trim(),
  };
}
