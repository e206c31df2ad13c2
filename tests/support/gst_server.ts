/**
 * GStreamer's RTSP server (python3-gi with gir1.2-gst-rtsp-server-1.0), where
 * it is installed.
 *
 * @module
 */

import { startProcess } from "./process.ts";
import type { RunningProcess } from "./process.ts";

/** Debian's own Python has Debian's gi. */
const PYTHON = "/usr/bin/python3";

const SCRIPT = `
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, Gst, GstRtsp, GstRtspServer, GLib

Gst.init(None)
pipeline, protocols, user, certificate, profile = sys.argv[1:6]
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch("( " + pipeline + " )")
if protocols == "tcp":
    factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP)
if profile == "savp":
    factory.set_profiles(GstRtsp.RTSPProfile.SAVP)
auth = GstRtspServer.RTSPAuth()
if certificate:
    auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(certificate))
if user or certificate:
    server.set_auth(auth)
if certificate and not user:
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "anonymous")
    auth.set_default_token(token)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("anonymous", "media.factory.access", True)
    permissions.add_permission_for_role("anonymous", "media.factory.construct", True)
    factory.set_permissions(permissions)
if user:
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    name, password = user.split(":")
    auth.add_digest(name, password, token)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print("port", server.get_bound_port(), flush=True)
GLib.MainLoop().run()
`;

let missing: string | undefined | null = null;

/** Why there is no such server here; `undefined` when there is one. */
export function gstServerMissing(): string | undefined {
  if (missing !== null) return missing;
  try {
    const { success } = new Deno.Command(PYTHON, {
      args: [
        "-c",
        'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer',
      ],
      stdout: "null",
      stderr: "null",
    }).outputSync();
    missing = success ? undefined : "no gir1.2-gst-rtsp-server-1.0";
  } catch {
    missing = "no python3";
  }
  return missing;
}

/** How the server is to be. */
export interface GstServerOptions {
  /** As in gst-launch; its last element is named pay0. */
  readonly pipeline?: string;
  /** `tcp` refuses UDP with 461. */
  readonly protocols?: "any" | "tcp";
  /** `name:password`, by digest. */
  readonly user?: string;
  /** PEM file with certificate and key: the server speaks rtsps. */
  readonly certificate?: string;
  /** `savp` encrypts packets, with keys by MIKEY. */
  readonly profile?: "avp" | "savp";
}

/** A test picture as RTP/JPEG, 320×240 at 24 frames a second. */
const PIPELINE =
  "videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=24/1 ! " +
  "jpegenc ! rtpjpegpay name=pay0 pt=26";

/** Starts the server on a free port; its stream is at `/live`. */
export async function startGstServer(
  options: GstServerOptions = {},
): Promise<AsyncDisposable & { port: number; process: RunningProcess }> {
  const process = startProcess(PYTHON, [
    "-c",
    SCRIPT,
    options.pipeline ?? PIPELINE,
    options.protocols ?? "any",
    options.user ?? "",
    options.certificate ?? "",
    options.profile ?? "avp",
  ], { json: false });
  const line = await process.line(/^port \d+$/);
  return {
    port: Number(line.split(" ")[1]),
    process,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
