/**
 * Lint rules about branded types (core/brands). They ask the type checker, so no alias hides a brand from them.
 */

const ORDER = new Set(['<', '<=', '>', '>=']);

/** Name of the brand that a type carries, or one of its alternatives does. */
function brandOf(type, checker) {
  if (type.isUnion()) return type.types.map((one) => brandOf(one, checker)).find((name) => name !== undefined);
  if (!type.isIntersection()) return undefined;
  const mark = checker.getPropertiesOfType(type).find(({ escapedName }) => /^__@\$brand@/.test(escapedName));
  return mark && checker.getPropertiesOfType(checker.getTypeOfSymbol(mark)).map(({ name }) => name)[0];
}

/** `as StepHash` and `schema.brand<'StepHash'>()` say that something was checked. */
const madeByChecks = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      made: '{{ what }} is made by the checks alone (eslint.config.mjs): take it from a schema, a parser, a hash function or the clock',
    },
  },
  create(context) {
    const services = context.sourceCode.parserServices;
    const checker = services.program.getTypeChecker();
    return {
      TSAsExpression(node) {
        const to = brandOf(services.getTypeAtLocation(node), checker);
        if (to !== undefined && brandOf(services.getTypeAtLocation(node.expression), checker) !== to)
          context.report({ node, messageId: 'made', data: { what: to } });
      },
      'CallExpression > MemberExpression.callee[property.name="brand"]'(node) {
        context.report({ node, messageId: 'made', data: { what: 'a brand' } });
      },
    };
  },
};

/** Text of times has not the order of time: `…:00Z` is after `…:00.000Z` as text. */
const noOrderOfText = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { order: 'the order of text is not that of time: compare msOf(…)' },
  },
  create(context) {
    const services = context.sourceCode.parserServices;
    const checker = services.program.getTypeChecker();
    const isInstant = (node) => brandOf(services.getTypeAtLocation(node), checker) === 'IsoInstant';
    return {
      BinaryExpression(node) {
        if (ORDER.has(node.operator) && (isInstant(node.left) || isInstant(node.right)))
          context.report({ node, messageId: 'order' });
      },
    };
  },
};

export const brands = { rules: { 'made-by-checks': madeByChecks, 'no-order-of-text': noOrderOfText } };
