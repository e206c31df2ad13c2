/**
 * Who may do what on one connection.
 *
 * @module
 */

import type { RtspRequest } from "./message.ts";
import type { ServerAction } from "./server_actions.ts";
import { MAX_AUTHENTICATION_FAILURES } from "./server_authentication.ts";
import type {
  AuthenticationResult,
  ServerAuthenticator,
} from "./server_authentication.ts";
import { respond } from "./server_responses.ts";

/** Asks for credentials, and counts the wrong ones. */
export class AccessGate {
  readonly #authenticator: ServerAuthenticator | undefined;
  #failures = 0;

  /** Without an authenticator everybody may do everything. */
  constructor(authenticator: ServerAuthenticator | undefined) {
    this.#authenticator = authenticator;
  }

  /** The user's name when the request is allowed, else its answer. */
  check(
    request: RtspRequest,
    path: string,
    right: "read" | "publish",
  ): { username: string | undefined } | ServerAction[] {
    const result: AuthenticationResult = this.#authenticator === undefined
      ? { allowed: true }
      : this.#authenticator.check(request, path, right);
    if (result.allowed) return { username: result.username };
    const refusal = respond(request, result.status, {
      headers: result.challenges.map((challenge) =>
        ["WWW-Authenticate", challenge] as const
      ),
    });
    if (result.failed && ++this.#failures >= MAX_AUTHENTICATION_FAILURES) {
      return [refusal, { type: "close", reason: "too many wrong passwords" }];
    }
    return [refusal];
  }
}
