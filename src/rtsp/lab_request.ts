/**
 * Requests of the teaching dialect: telling them from the standard's, and what
 * comes before their session.
 *
 * @module
 */

import { RtspProtocolError } from "./errors.ts";
import { LabSession } from "./lab_session.ts";
import type { RtspRequest } from "./message.ts";
import type { RtspMedia, ServerAction } from "./server_actions.ts";
import { respondLab } from "./server_responses.ts";
import { parseTransport } from "./transport.ts";
import type { Pair } from "./transport.ts";

/** Protocol of the dialect's Transport header. */
const LAB_PROTOCOL = "RTP/UDP";

/**
 * Whether `request` is of the teaching dialect: it lacks the blank line, asks
 * for `RTP/UDP`, or names a bare file where the standard has a URL.
 */
export function isLabRequest(request: RtspRequest): boolean {
  if (!/^(?:SETUP|PLAY|PAUSE|TEARDOWN)$/.test(request.method)) return false;
  return !request.form.hasBlankLine ||
    /^[ \t]*RTP\/UDP\b/i.test(request.headers.get("transport") ?? "") ||
    !/^(?:\*$|\/|[a-z][a-z0-9+.-]*:\/\/)/i.test(request.uri);
}

/** The port a lab client listens on; `undefined` when it gives none. */
export function labClientPorts(request: RtspRequest): Pair | undefined {
  try {
    const specs = parseTransport(request.headers.get("transport") ?? "");
    const lab = specs.find(({ protocol }) => protocol === LAB_PROTOCOL);
    return (lab ?? specs[0])?.clientPorts;
  } catch (error) {
    if (error instanceof RtspProtocolError) return undefined;
    throw error;
  }
}

/** The refusal of a request: the dialect has words of its own for 404 and 500. */
export function refuseLab(request: RtspRequest, status: number): ServerAction {
  switch (status) {
    case 404:
      return respondLab(request, status, "NOT FOUND");
    case 400:
      return respondLab(request, status, "Bad Request");
    case 401:
      return respondLab(request, status, "Unauthorized");
    case 455:
      return respondLab(request, status, "Method Not Valid in This State");
    default:
      return respondLab(request, 500, "CONNECTION ERROR");
  }
}

/** The session a SETUP begins, and where its packets go; or the refusal. */
export function labSetup(
  request: RtspRequest,
  media: RtspMedia,
  newId: () => string,
): { session: LabSession; actions: ServerAction[] } | ServerAction {
  const ports = labClientPorts(request);
  if (ports === undefined) return refuseLab(request, 400);
  const session = new LabSession({ id: newId(), media });
  return { session, actions: session.setup(request, ports) };
}
