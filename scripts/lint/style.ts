/**
 * The rules `error-grammar` and `no-arrow-top-level-function`.
 *
 * @module
 */

import { placeOf } from "./place.ts";

/** A written-down text with holes: the ends are `undefined` where an expression stands. */
interface Text {
  first: string | undefined;
  last: string | undefined;
  hasSpace: boolean;
}

/**
 * The message of a thrown error begins with a capital letter and does not end
 * in a full stop or an exclamation mark. Tests may throw what they like.
 */
export const errorGrammar: Deno.lint.Rule = {
  create(context) {
    if (placeOf(context.filename).test) return {};
    return {
      NewExpression(node) {
        if (node.parent.type !== "ThrowStatement") return;
        const { callee } = node;
        if (callee.type !== "Identifier" || !/Error$/.test(callee.name)) return;
        for (const argument of node.arguments) {
          const text = textOf(argument);
          // A word alone beside other arguments is a code, not a message.
          if (
            text === undefined || !text.hasSpace && node.arguments.length > 1
          ) continue;
          const problem = grammarProblem(text);
          if (problem !== undefined) {
            context.report({
              node: argument,
              message: problem,
              hint: 'The grammar is "Cannot <verb> <thing>: <state now>"',
            });
          }
          return;
        }
      },
    };
  },
};

function grammarProblem({ first, last }: Text): string | undefined {
  if (first !== undefined && first !== "" && !/^\p{Lu}/u.test(first)) {
    return "An error message begins with a capital letter";
  }
  if (last !== undefined && /[.!]\s*$/.test(last)) {
    return "An error message ends without a full stop or exclamation mark";
  }
  return undefined;
}

/** The text of a string literal, a template, or a sum of them. */
function textOf(node: Deno.lint.Node): Text | undefined {
  if (node.type === "Literal" && typeof node.value === "string") {
    const { value } = node;
    return { first: value, last: value, hasSpace: value.includes(" ") };
  }
  if (node.type === "TemplateLiteral") {
    const parts = node.quasis.map((quasi) => quasi.cooked);
    return {
      first: parts[0] || undefined,
      last: parts.at(-1) || undefined,
      hasSpace: parts.some((part) => part.includes(" ")),
    };
  }
  if (node.type === "BinaryExpression" && node.operator === "+") {
    const left = textOf(node.left);
    const right = textOf(node.right);
    if (left === undefined && right === undefined) return undefined;
    return {
      first: left?.first,
      last: right?.last,
      hasSpace: Boolean(left?.hasSpace || right?.hasSpace),
    };
  }
  return undefined;
}

/** A function at the top level is a `function`: it has a name in traces and is hoisted. */
export const noArrowTopLevelFunction: Deno.lint.Rule = {
  create(context) {
    return {
      VariableDeclarator(node) {
        const declaration = node.parent;
        const outer = declaration.parent;
        const top = outer.type === "Program" ||
          outer.type === "ExportNamedDeclaration";
        if (!top || node.id.type !== "Identifier") return;
        if (
          node.init?.type !== "ArrowFunctionExpression" &&
          node.init?.type !== "FunctionExpression"
        ) return;
        context.report({
          node,
          message: `Write "${node.id.name}" as a function declaration`,
        });
      },
    };
  },
};
