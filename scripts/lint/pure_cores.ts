/**
 * The rules `pure-cores` and `no-console`: what reaches the world outside, the
 * clock or chance is an argument of a core, never something it fetches.
 *
 * @module
 */

import { placeOf } from "./place.ts";

/** Calling or constructing these is I/O, time or chance. */
const FORBIDDEN_GLOBALS = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "requestAnimationFrame",
  "fetch",
  "alert",
  "prompt",
  "WebSocket",
  "WebSocketStream",
  "EventSource",
  "XMLHttpRequest",
  "Worker",
  "SharedWorker",
  "BroadcastChannel",
]);

/** `object.member` that is I/O, time or chance; `*` means every member. */
const FORBIDDEN_MEMBERS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["Deno", new Set(["*"])],
  ["console", new Set(["*"])],
  ["Date", new Set(["now"])],
  ["performance", new Set(["now", "mark", "measure", "timeOrigin"])],
  ["Math", new Set(["random"])],
  ["crypto", new Set(["getRandomValues", "randomUUID"])],
  ["process", new Set(["*"])],
]);

/** Node modules that hold functions of their arguments alone. */
const PURE_NODE_MODULES = new Set([
  "node:zlib",
  "node:crypto",
  "node:buffer",
  "node:string_decoder",
  "node:util",
  "node:path",
  "node:path/posix",
  "node:querystring",
]);

/** Exports of the modules above that are not pure. */
const IMPURE_NODE_IMPORTS =
  /^(random\w*|getRandomValues|webcrypto|generateKey\w*|generatePrime\w*)$/;

/** No I/O, timers, console, clock or randomness in levels 0–3. */
export const pureCores: Deno.lint.Rule = {
  create(context) {
    if (!placeOf(context.filename).core) return {};
    function report(node: Deno.lint.Node, what: string): void {
      context.report({
        node,
        message: `A core must not use ${what}`,
        hint: "Take it as an argument, or move the code to a shell",
      });
    }
    return {
      MemberExpression(node) {
        const object = unwrapGlobal(node.object);
        const member = nameOf(node.property, node.computed);
        if (object === undefined) return;
        const members = FORBIDDEN_MEMBERS.get(object);
        if (members?.has("*") || (member && members?.has(member))) {
          report(node, `${object}.${member ?? "…"}`);
        } else if (
          object === "globalThis" && member && FORBIDDEN_GLOBALS.has(member)
        ) {
          report(node, member);
        }
      },
      TSQualifiedName(node) {
        if (node.left.type === "Identifier" && node.left.name === "Deno") {
          report(node, `Deno.${node.right.name}`);
        }
      },
      CallExpression(node) {
        const { callee } = node;
        if (callee.type !== "Identifier") return;
        if (FORBIDDEN_GLOBALS.has(callee.name)) report(node, callee.name);
        if (callee.name === "Date") report(node, "Date()");
      },
      NewExpression(node) {
        const { callee } = node;
        if (callee.type !== "Identifier") return;
        if (FORBIDDEN_GLOBALS.has(callee.name)) report(node, callee.name);
        if (callee.name === "Date" && node.arguments.length === 0) {
          report(node, "new Date()");
        }
      },
      ImportDeclaration(node) {
        const module = node.source.value;
        if (!module.startsWith("node:") || node.importKind === "type") return;
        if (!PURE_NODE_MODULES.has(module)) {
          report(node, module);
          return;
        }
        for (const specifier of node.specifiers) {
          if (specifier.type !== "ImportSpecifier") continue;
          const { imported } = specifier;
          if (
            imported.type === "Identifier" &&
            IMPURE_NODE_IMPORTS.test(imported.name)
          ) report(specifier, `${imported.name} of ${module}`);
        }
      },
    };
  },
};

/** Only `cli` (and what never ships: scripts, tests, page scripts) writes to the console. */
export const noConsole: Deno.lint.Rule = {
  create(context) {
    const { path, folder, product, page } = placeOf(context.filename);
    // The cores' rule covers the console too: one report is enough.
    if (!product || page || folder === "cli" || placeOf(path).core) return {};
    return {
      MemberExpression(node) {
        const object = unwrapGlobal(node.object);
        const member = nameOf(node.property, node.computed);
        const stream = object === "Deno" &&
          (member === "stdout" || member === "stderr");
        if (object === "console" || stream) {
          context.report({
            node,
            message: `Only src/cli writes to the terminal: found ${object}.${
              member ?? "…"
            }`,
            hint: "Log through src/log, or return the value",
          });
        }
      },
    };
  },
};

/** The name of `x` or `globalThis.x`. */
function unwrapGlobal(node: Deno.lint.Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (
    node.type === "MemberExpression" && node.object.type === "Identifier" &&
    node.object.name === "globalThis"
  ) return nameOf(node.property, node.computed);
  return undefined;
}

/** The name of a member, when it is written down (`a.b` or `a["b"]`). */
function nameOf(node: Deno.lint.Node, computed: boolean): string | undefined {
  if (!computed && node.type === "Identifier") return node.name;
  if (node.type === "Literal" && typeof node.value === "string") {
    return node.value;
  }
  return undefined;
}
