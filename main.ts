/**
 * The program. All it does is in src/cli.
 *
 * @module
 */

import { main } from "./src/cli/mod.ts";

Deno.exit(await main(Deno.args));
