/**
 * The rule `no-sleep-in-tests`: a test waits for the event, not for a time.
 *
 * @module
 */

import { placeOf } from "./place.ts";

/** The helpers are the one place that polls, and a bench measures over a time. */
const EXEMPT = ["tests/support/", "tests/bench/"];

/** Waiting for a time makes a test slow when it is right and wrong when it is slow. */
export const noSleepInTests: Deno.lint.Rule = {
  create(context) {
    const { test, path } = placeOf(context.filename);
    if (!test || EXEMPT.some((prefix) => path.startsWith(prefix))) return {};
    function report(node: Deno.lint.Node): void {
      context.report({
        node,
        message: "A test must not sleep: wait for the event",
        hint: "Use waitUntil or quietFor of tests/support/wait.ts",
      });
    }
    return {
      NewExpression(node) {
        if (
          node.callee.type === "Identifier" && node.callee.name === "Promise" &&
          isSleeper(node.arguments[0])
        ) report(node);
      },
      ImportDeclaration(node) {
        if (node.source.value === "node:timers/promises") report(node);
      },
    };
  },
};

/** True for `(resolve) => setTimeout(resolve, …)` and `(resolve) => setTimeout(() => resolve(), …)`. */
function isSleeper(executor: Deno.lint.Node | undefined): boolean {
  if (
    executor?.type !== "ArrowFunctionExpression" &&
    executor?.type !== "FunctionExpression"
  ) return false;
  const resolve = executor.params[0];
  if (resolve?.type !== "Identifier") return false;
  const call = onlyExpression(executor.body);
  if (
    call?.type !== "CallExpression" || call.callee.type !== "Identifier" ||
    call.callee.name !== "setTimeout"
  ) return false;
  const [what] = call.arguments;
  if (what?.type === "Identifier") return what.name === resolve.name;
  if (what?.type !== "ArrowFunctionExpression") return false;
  const inner = onlyExpression(what.body);
  return inner?.type === "CallExpression" &&
    inner.callee.type === "Identifier" && inner.callee.name === resolve.name;
}

/** The expression that `body` is, or that is its one statement. */
function onlyExpression(
  body: Deno.lint.Node | null | undefined,
): Deno.lint.Node | undefined {
  if (body?.type !== "BlockStatement") return body ?? undefined;
  const [statement] = body.body;
  if (body.body.length !== 1 || statement === undefined) return undefined;
  if (statement.type === "ExpressionStatement") return statement.expression;
  return undefined;
}
