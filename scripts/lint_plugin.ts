/**
 * The architecture as lint rules: `deno lint` runs them over the whole tree,
 * `tests/scripts/lint_plugin_test.ts` shows that each one bites.
 *
 * @module
 */

import { layers } from "./lint/layers.ts";
import {
  noAnyInterfaceBinding,
  noListenWithoutHost,
} from "./lint/listening.ts";
import { noConsole, pureCores } from "./lint/pure_cores.ts";
import { noSleepInTests } from "./lint/sleeping.ts";
import { errorGrammar, noArrowTopLevelFunction } from "./lint/style.ts";

const plugin: Deno.lint.Plugin = {
  name: "streamtool",
  rules: {
    "layers": layers,
    "pure-cores": pureCores,
    "no-console": noConsole,
    "no-any-interface-binding": noAnyInterfaceBinding,
    "no-listen-without-host": noListenWithoutHost,
    "error-grammar": errorGrammar,
    "no-arrow-top-level-function": noArrowTopLevelFunction,
    "no-sleep-in-tests": noSleepInTests,
  },
};

export default plugin;
