/**
 * The file that says who may watch what.
 *
 * @module
 */

import type { RtspUser, RtspUsers } from "../../rtsp/mod.ts";

/** Name that players show when they ask for a password. */
export const REALM = "streamtool";
/** Users in a file. */
const MAX_USERS = 10_000;

/** A line that cannot be understood. */
export class UsersFileError extends SyntaxError {
  override readonly name = "UsersFileError";
}

/**
 * Reads `name:password` or `name:password:/path,+/path` lines; empty ones and
 * those with `#` first are left out. A path gives the right to watch it and
 * what lies below, one with a plus to publish there as well; without any a
 * user may do everything.
 *
 * `canonical` gives the one name of a stream for any of its paths.
 *
 * @throws {UsersFileError} naming the line that is wrong; never with a password.
 */
export function parseUsers(
  text: string,
  canonical: (path: string) => string,
): RtspUsers {
  const users = new Map<string, RtspUser>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [name = "", password = "", paths, ...more] = line.split(":");
    if (name === "" || password === "" || more.length > 0) {
      throw new UsersFileError(
        `Cannot read line ${
          index + 1
        } of the users file: it is not "name:password" or "name:password:/path,+/path"`,
      );
    }
    if (users.has(name)) {
      throw new UsersFileError(
        `Cannot read line ${
          index + 1
        } of the users file: "${name}" was there before`,
      );
    }
    if (users.size >= MAX_USERS) {
      throw new UsersFileError(
        `Cannot read the users file: it has more than ${MAX_USERS} users`,
      );
    }
    const roots = paths?.split(",").map((path) => path.trim())
      .filter((path) => path !== "");
    const mayPublish = roots?.filter((path) => path.startsWith("+"));
    users.set(name, {
      password,
      mayRead: (path) => isBelow(path, roots, canonical),
      mayPublish: (path) => isBelow(path, mayPublish, canonical),
    });
  }
  return { realm: REALM, find: (name) => users.get(name) };
}

/** Whether `path` is one of `roots` or below one; without roots everything is. */
function isBelow(
  path: string,
  roots: readonly string[] | undefined,
  canonical: (path: string) => string,
): boolean {
  if (roots === undefined) return true;
  const wanted = canonical(path);
  return roots.map((text) => canonical(`/${text.replace(/^\+?\/?/, "")}`))
    .some((root) =>
      wanted === root || root === "/" || wanted.startsWith(`${root}/`)
    );
}
