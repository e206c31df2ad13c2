/**
 * The rules `no-any-interface-binding` and `no-listen-without-host`: nothing
 * listens on all interfaces unless the user asked for it.
 *
 * @module
 */

import { placeOf } from "./place.ts";

const ANY_ADDRESS = new Set(["0.0.0.0", "::", "[::]"]);
const COMPARISONS = new Set(["===", "!==", "==", "!="]);
const DENO_LISTENERS = new Set(["listen", "listenTls", "listenDatagram"]);

/**
 * The address "every interface" is not written down where sockets are made;
 * comparing with it is fine, and so is the command line's table of defaults.
 */
export const noAnyInterfaceBinding: Deno.lint.Rule = {
  create(context) {
    const { product, core, page, folder } = placeOf(context.filename);
    if (!product || core || page || folder === "cli") return {};
    return {
      Literal(node) {
        if (typeof node.value !== "string" || !ANY_ADDRESS.has(node.value)) {
          return;
        }
        const { parent } = node;
        if (
          parent.type === "SwitchCase" ||
          parent.type === "BinaryExpression" && COMPARISONS.has(parent.operator)
        ) return;
        context.report({
          node,
          message:
            `Nothing listens on all interfaces unless asked: "${node.value}"`,
          hint: "Take the address from the caller, or use 127.0.0.1",
        });
      },
    };
  },
};

/** `Deno.listen` and its kin, and Node's `server.listen(port)`, default to every interface. */
export const noListenWithoutHost: Deno.lint.Rule = {
  create(context) {
    return {
      CallExpression(node) {
        const { callee } = node;
        if (
          callee.type !== "MemberExpression" || callee.computed ||
          callee.property.type !== "Identifier"
        ) return;
        const method = callee.property.name;
        const deno = callee.object.type === "Identifier" &&
          callee.object.name === "Deno";
        const [first, second] = node.arguments;
        const open = deno && DENO_LISTENERS.has(method)
          ? first?.type === "ObjectExpression" && !namesHost(first)
          : deno && method === "serve"
          ? first?.type === "ObjectExpression"
            ? !namesHost(first)
            : isFunction(first) || second === undefined
          : method === "listen" && first?.type === "Literal" &&
            typeof first.value === "number" &&
            (second === undefined || isFunction(second));
        if (!open) return;
        context.report({
          node,
          message: `Cannot leave out the hostname of ${
            deno ? "Deno." : "."
          }${method}: it would listen on all interfaces`,
        });
      },
    };
  },
};

/** True when `options` has `hostname`, `host`, a Unix socket's `path`, or spreads another object. */
function namesHost(options: Deno.lint.ObjectExpression): boolean {
  return options.properties.some((property) =>
    property.type === "SpreadElement" ||
    property.key.type === "Identifier" &&
      ["hostname", "host", "path"].includes(property.key.name)
  );
}

function isFunction(node: Deno.lint.Node | undefined): boolean {
  return node?.type === "ArrowFunctionExpression" ||
    node?.type === "FunctionExpression";
}
