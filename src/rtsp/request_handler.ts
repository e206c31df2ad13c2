/**
 * What the server does with the requests of one connection: finds media and
 * session, asks for credentials, and leaves the rest to the session.
 *
 * @module
 */

import { AccessGate } from "./access_gate.ts";
import { announcedTrack, readAnnouncement } from "./announcement.ts";
import type { Announcement } from "./announcement.ts";
import { RtspProtocolError } from "./errors.ts";
import { isLabRequest, labSetup, refuseLab } from "./lab_request.ts";
import { findMedia, isMedia, targetOf } from "./media_lookup.ts";
import type { MediaMatch } from "./media_lookup.ts";
import { OwnedSessions } from "./owned_sessions.ts";
import type { InterleavedFrame, RtspRequest } from "./message.ts";
import type {
  RtspMedia,
  RtspMediaCatalog,
  ServerAction,
  ServerAnswer,
} from "./server_actions.ts";
import type { ServerAuthenticator } from "./server_authentication.ts";
import { methodList } from "./server_methods.ts";
import {
  reasonOf,
  requestCseq,
  requiredFeatures,
  respond,
  respondWithDescription,
} from "./server_responses.ts";
import { parameterNames } from "./play_request.ts";
import { ServerSession } from "./server_session.ts";
import type { ControlledSession } from "./server_session.ts";
import { isStateMethod } from "./server_state.ts";
import type { SessionRegistry } from "./session_registry.ts";
import { parseKeyManagement } from "./session_header.ts";
import { chooseTransport } from "./transport_choice.ts";
import type { OfferedTransports } from "./transport_choice.ts";
import { parseTransport } from "./transport.ts";
import { requestPath } from "./url.ts";

/** What the handlers of all connections share. */
export interface RequestHandlerOptions {
  readonly catalog: RtspMediaCatalog;
  readonly sessions: SessionRegistry;
  readonly transports: OfferedTransports;
  /** Whether ANNOUNCE and RECORD are taken; they answer 405 otherwise. */
  readonly publishing: boolean;
  /** The player's address, for limits. */
  readonly address: string;
  /** Absent: everybody may do everything. */
  readonly authenticator: ServerAuthenticator | undefined;
}

/** What a request waits for. */
type Waiting =
  | { kind: "prepare"; request: RtspRequest; path: string }
  | { kind: "announce"; request: RtspRequest; announcement: Announcement }
  | { kind: "session"; request: RtspRequest; session: ControlledSession };

/** Handles the requests of one connection. */
export class RequestHandler {
  readonly #options: RequestHandlerOptions;
  readonly #owned: OwnedSessions;
  readonly #gate: AccessGate;
  #announcement: Announcement | undefined;
  #waiting: Waiting | undefined;

  /** For one connection. */
  constructor(options: RequestHandlerOptions) {
    this.#options = options;
    this.#owned = new OwnedSessions(options.sessions, options.address);
    this.#gate = new AccessGate(options.authenticator);
  }

  /** Whether an action waits for its answer. */
  get waiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Whether a session set up here is alive. */
  get hasSessions(): boolean {
    return this.#owned.live().length > 0;
  }

  /** Takes a request. */
  handle(request: RtspRequest, now: number): ServerAction[] {
    return this.#handleSafely(request, now, false);
  }

  #handleSafely(
    request: RtspRequest,
    now: number,
    prepared: boolean,
  ): ServerAction[] {
    try {
      return this.#handle(request, now, prepared);
    } catch (error) {
      if (!(error instanceof RtspProtocolError)) throw error;
      return [
        isLabRequest(request)
          ? refuseLab(request, 400)
          : respond(request, error.statusHint),
      ];
    }
  }

  /** Takes the shell's answer to the action that waits for one. */
  answer(answer: ServerAnswer, now: number): ServerAction[] {
    const waiting = this.#waiting;
    if (waiting === undefined) return [];
    this.#waiting = undefined;
    const { request } = waiting;
    if (waiting.kind === "session") {
      return this.#answerSession(request, waiting.session, answer, now);
    }
    if (answer.type === "refused") {
      if (isLabRequest(request)) return [refuseLab(request, answer.status)];
      return [respond(request, answer.status, reasonOf(answer))];
    }
    if (waiting.kind === "prepare" && answer.type === "prepared") {
      return this.#handleSafely(request, now, true);
    }
    if (waiting.kind === "announce" && answer.type === "announced") {
      this.#announcement = waiting.announcement;
      return [respond(request, 200)];
    }
    throw new TypeError(
      `Cannot answer ${request.method}: "${answer.type}" is not what it waits for`,
    );
  }

  /** Takes a `$` frame: media or reports of a session set up here. */
  handleFrame(frame: InterleavedFrame, now: number): ServerAction[] {
    return this.#owned.handleFrame(frame, now);
  }

  /** The connection is gone: see {@linkcode OwnedSessions.end}. */
  end(): ServerAction[] {
    this.#waiting = undefined;
    return this.#owned.end();
  }

  #handle(
    request: RtspRequest,
    now: number,
    prepared: boolean,
  ): ServerAction[] {
    if (request.version !== "RTSP/1.0") return [respond(request, 505)];
    if (isLabRequest(request)) return this.#handleLab(request, prepared);
    if (requestCseq(request) === undefined) return [respond(request, 400)];
    const required = requiredFeatures(request);
    if (required.length > 0) {
      return [
        respond(request, 551, {
          headers: [["Unsupported", required.join(", ")]],
        }),
      ];
    }
    switch (request.method) {
      case "OPTIONS":
        this.#owned.named(request)?.touch(now);
        return [respond(request, 200, { headers: [this.#public("Public")] })];
      case "DESCRIBE":
        return this.#describe(request, prepared);
      case "SETUP":
        return this.#setup(request, now, prepared);
      case "ANNOUNCE":
      case "RECORD":
        if (!this.#options.publishing) {
          return [
            respond(request, 405, { headers: [this.#public("Allow")] }),
          ];
        }
        return request.method === "ANNOUNCE"
          ? this.#announce(request)
          : this.#inSession(request, now);
      case "PLAY":
      case "PAUSE":
      case "TEARDOWN":
        return this.#inSession(request, now);
      case "GET_PARAMETER":
      case "SET_PARAMETER":
        if (request.headers.has("session")) {
          return this.#inSession(request, now);
        }
        return [
          respond(
            request,
            parameterNames(request.body).length === 0 ? 200 : 451,
          ),
        ];
      default:
        return [respond(request, 501, { headers: [this.#public("Public")] })];
    }
  }

  #public(header: "Public" | "Allow"): readonly [string, string] {
    return [header, methodList(this.#options.publishing)];
  }

  /** The media a request means, or the answer when it means none. */
  #mediaOf(
    request: RtspRequest,
    match: MediaMatch,
    prepared: boolean,
  ): RtspMedia | ServerAction[] {
    const { found, path } = match;
    if (isMedia(found)) return found;
    if (found === undefined) return [respond(request, 404)];
    if (found !== "pending") {
      return [respond(request, found.status, reasonOf(found))];
    }
    if (prepared) return [respond(request, 503)];
    this.#waiting = { kind: "prepare", request, path };
    return [{ type: "prepare", path }];
  }

  #describe(request: RtspRequest, prepared: boolean): ServerAction[] {
    const match = findMedia(request.uri, this.#options.catalog);
    const path = isMedia(match.found) ? match.found.path : match.path;
    const access = this.#gate.check(request, path, "read");
    if (Array.isArray(access)) return access;
    const media = this.#mediaOf(request, match, prepared);
    if (Array.isArray(media)) return media;
    return [respondWithDescription(request, media)];
  }

  #announce(request: RtspRequest): ServerAction[] {
    const path = requestPath(request.uri).split("?")[0]!;
    const access = this.#gate.check(request, path, "publish");
    if (Array.isArray(access)) return access;
    const announcement = readAnnouncement(request, path);
    this.#waiting = { kind: "announce", request, announcement };
    return [{
      type: "announce",
      path,
      description: announcement.description,
      ...(access.username === undefined ? {} : { username: access.username }),
    }];
  }

  #setup(
    request: RtspRequest,
    now: number,
    prepared: boolean,
  ): ServerAction[] {
    const announcement = this.#announcement;
    const announced = announcement === undefined
      ? undefined
      : announcedTrack(announcement, request.uri);
    const publish = announced !== undefined;
    const match = publish
      ? {
        path: announcement!.media.path,
        found: announcement!.media,
        track: announced,
      }
      : findMedia(request.uri, this.#options.catalog);
    const access = this.#gate.check(
      request,
      isMedia(match.found) ? match.found.path : match.path,
      publish ? "publish" : "read",
    );
    if (Array.isArray(access)) return access;
    const media = this.#mediaOf(request, match, prepared);
    if (Array.isArray(media)) return media;
    if (match.track === undefined && media.tracks.length > 1) {
      return [respond(request, 459)];
    }
    const track = match.track ?? 0;
    const specs = parseTransport(request.headers.get("transport") ?? "");
    const choice = chooseTransport(
      specs,
      this.#options.transports,
      media.protocols ?? ["RTP/AVP"],
      this.#owned.usedChannels(request, track),
    );
    if (choice === undefined) return [respond(request, 461)];
    if (!publish && choice.spec.mode === "record") {
      return [respond(request, this.#options.publishing ? 455 : 405)];
    }
    const purpose = publish ? "publish" : "play";
    const found = this.#owned.forSetup(
      request,
      { media, track, purpose, overTcp: choice.transport.kind === "tcp" },
      now,
    );
    const { session, actions } = found;
    if (session === undefined) {
      return [...actions, respond(request, found.status)];
    }
    const key = parseKeyManagement(request.headers.get("keymgmt") ?? "");
    actions.push(...session.setup({
      request,
      track,
      ...choice,
      ...(access.username === undefined ? {} : { username: access.username }),
      ...(key === undefined ? {} : { keyManagement: key.data }),
    }, now));
    return this.#waitFor(request, session, actions);
  }

  #inSession(request: RtspRequest, now: number): ServerAction[] {
    const session = this.#owned.named(request);
    const path = session?.media.path ?? requestPath(request.uri);
    const right = session?.purpose === "publish" ? "publish" : "read";
    const access = this.#gate.check(request, path, right);
    if (Array.isArray(access)) return access;
    if (!(session instanceof ServerSession)) return [respond(request, 454)];
    const target = targetOf(request.uri, session, this.#options.catalog);
    if (target === "other") return [respond(request, 404)];
    if (
      target === "track" && session.tracks.size > 1 &&
      isStateMethod(request.method)
    ) {
      return [respond(request, 460)];
    }
    return this.#waitFor(request, session, session.receive(request, now));
  }

  #handleLab(request: RtspRequest, prepared: boolean): ServerAction[] {
    if (requestCseq(request) === undefined) return [refuseLab(request, 400)];
    const current = this.#owned.lab();
    if (current !== undefined) {
      return this.#waitFor(request, current, current.receive(request));
    }
    if (request.method !== "SETUP") return [refuseLab(request, 455)];
    const { found, path } = findMedia(request.uri, this.#options.catalog);
    const access = this.#gate.check(
      request,
      isMedia(found) ? found.path : path,
      "read",
    );
    if (Array.isArray(access)) return [refuseLab(request, 401)];
    if (found === "pending" && !prepared) {
      this.#waiting = { kind: "prepare", request, path };
      return [{ type: "prepare", path }];
    }
    if (found === undefined) return [refuseLab(request, 404)];
    if (
      !isMedia(found) || this.#options.transports.udp !== true ||
      !this.#owned.hasRoom
    ) {
      return [refuseLab(request, 500)];
    }
    const { sessions } = this.#options;
    const setup = labSetup(request, found, () => sessions.newId("lab"));
    if (!("session" in setup)) return [setup];
    this.#owned.add(setup.session);
    return this.#waitFor(request, setup.session, setup.actions);
  }

  #answerSession(
    request: RtspRequest,
    session: ControlledSession,
    answer: ServerAnswer,
    now: number,
  ): ServerAction[] {
    if (!session.pending) {
      // It was ended from elsewhere meanwhile.
      return [
        session.dialect === "lab"
          ? refuseLab(request, 500)
          : respond(request, 454),
      ];
    }
    const actions = session.answer(answer, now);
    if (session.state === "init") this.#owned.delete(session);
    return actions;
  }

  #waitFor(
    request: RtspRequest,
    session: ControlledSession,
    actions: ServerAction[],
  ): ServerAction[] {
    if (session.pending) this.#waiting = { kind: "session", request, session };
    else if (session.state === "init") this.#owned.delete(session);
    return actions;
  }
}
