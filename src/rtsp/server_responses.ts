/**
 * Writing the server's responses in the form of their requests.
 *
 * @module
 */

import { encodeResponse } from "./encode.ts";
import { splitValue } from "./header_values.ts";
import type { MessageForm, RtspRequest } from "./message.ts";
import { STANDARD_FORM } from "./message.ts";
import type { RtspProtocolError } from "./errors.ts";
import type { RtspMedia, ServerAction } from "./server_actions.ts";
import { withoutUser } from "./url.ts";

/** Value of the Server header. */
const SERVER_NAME = "streamtool";

/** What a response says beyond its status. */
export interface ResponseDetails {
  /** In place of the status code's own text. */
  readonly reason?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Uint8Array;
}

/** CSeq of a request when it is one (RFC 2326 section 12.17); else `undefined`. */
export function requestCseq(request: RtspRequest): string | undefined {
  const cseq = request.headers.get("cseq");
  return cseq !== undefined && /^\d{1,10}$/.test(cseq) ? cseq : undefined;
}

/** A response of the standard dialect: CSeq echoed, CR LF and a blank line unless the request had none. */
export function respond(
  request: RtspRequest,
  status: number,
  details: ResponseDetails = {},
): ServerAction {
  return respondTo(
    requestCseq(request),
    request.form.hasBlankLine ? STANDARD_FORM : request.form,
    status,
    details,
  );
}

/** As {@linkcode respond}, to a message that could not be read. */
export function respondTo(
  cseq: string | undefined,
  form: MessageForm,
  status: number,
  details: ResponseDetails = {},
): ServerAction {
  const headers: (readonly [string, string])[] = [];
  if (cseq !== undefined) headers.push(["CSeq", cseq]);
  // Without the blank line there is no telling where headers end: keep to the
  // lines that clients of the teaching dialect count on.
  if (form.hasBlankLine) {
    headers.push(["Server", SERVER_NAME], ...details.headers ?? []);
  }
  return {
    type: "send",
    bytes: encodeResponse({
      status,
      headers,
      form,
      ...(details.reason === undefined ? {} : { reason: details.reason }),
      ...(details.body === undefined || !form.hasBlankLine
        ? {}
        : { body: details.body }),
    }),
  };
}

/**
 * A response of the teaching dialect: status, CSeq, and Session as the third
 * line where there is one; nothing else.
 */
export function respondLab(
  request: RtspRequest,
  status: number,
  reason: string,
  sessionId?: string,
): ServerAction {
  const headers: (readonly [string, string])[] = [];
  const cseq = requestCseq(request);
  if (cseq !== undefined) headers.push(["CSeq", cseq]);
  if (sessionId !== undefined) headers.push(["Session", sessionId]);
  return {
    type: "send",
    bytes: encodeResponse({
      status,
      reason,
      headers,
      form: request.form.hasBlankLine ? STANDARD_FORM : request.form,
    }),
  };
}

/** Answers a message that could not be read. */
export function respondToError(error: RtspProtocolError): ServerAction {
  const { cseq, form } = error.context;
  return respondTo(cseq, form ?? STANDARD_FORM, error.statusHint);
}

/** Answers DESCRIBE; 406 when it takes no SDP. */
export function respondWithDescription(
  request: RtspRequest,
  media: RtspMedia,
): ServerAction {
  if (!acceptsSdp(request)) return respond(request, 406);
  const base = withoutUser(request.uri);
  return respond(request, 200, {
    headers: [
      ["Content-Type", "application/sdp"],
      ["Content-Base", base.endsWith("/") ? base : `${base}/`],
    ],
    body: new TextEncoder().encode(media.sdp),
  });
}

/** The reason of a refusal as a detail of its response. */
export function reasonOf(
  answer: { readonly reason?: string },
): { reason?: string } {
  return answer.reason === undefined ? {} : { reason: answer.reason };
}

/** Whether a DESCRIBE takes SDP; a missing Accept takes anything. */
function acceptsSdp(request: RtspRequest): boolean {
  const accepted = request.headers.getAll("accept");
  return accepted.length === 0 ||
    accepted.some((value) =>
      /(?:^|,)\s*(?:application\/(?:sdp|\*)|\*\/\*)\s*(?:[;,]|$)/i.test(value)
    );
}

/** Extensions a request insists on (RFC 2326 section 12.32); we have none. */
export function requiredFeatures({ headers }: RtspRequest): string[] {
  return [...headers.getAll("require"), ...headers.getAll("proxy-require")]
    .flatMap((value) => splitValue(value, ","));
}
