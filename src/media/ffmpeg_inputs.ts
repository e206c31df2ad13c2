/**
 * How each kind of source is opened by ffmpeg: its arguments up to `-i`.
 *
 * A source names one thing, and ffmpeg must open that thing alone. Left to
 * itself it follows playlists, concat scripts and session descriptions to
 * other files and hosts, so the protocols and the container formats are listed.
 *
 * @module
 */

import { MediaError } from "./errors.ts";
import { isAtLeast } from "./ffmpeg_version.ts";
import type { FfmpegVersion } from "./ffmpeg_version.ts";

/** What ffmpeg is told to open. */
export interface FfmpegInput {
  /** Arguments up to and with `-i`. */
  readonly args: readonly string[];
  /** As ffmpeg names it in its messages. */
  readonly name: string;
  /** As we name it in ours; without credentials. */
  readonly label: string;
}

/** Microseconds without a byte after which a network source is given up; routers reboot slower, users wait no longer. */
export const NETWORK_TIMEOUT_US = 10_000_000;

/**
 * Containers that hold their pictures themselves. Not in it, because they
 * refer to other files or hosts: hls, dash, concat, sdp, rtsp, imf, image2,
 * webm_dash_manifest, avisynth, vapoursynth.
 */
const FILE_FORMATS = [
  "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv",
  "ogg,asf,mjpeg,mpjpeg,ivf,h261,h263,h264,hevc,vvc,av1,obu,m4v,vc1,vc1test",
  "yuv4mpegpipe,gif,apng,nut,dv,mxf,rm,wtv,gxf,lxf,swf,roq,smk,bink,nsv,ingenient",
  "cdxl,dirac,avs2,avs3,cavsvideo,ffm,film_cpk,flic,fits,ea,nuv,psxstr,wc3movie,xmv",
  "jpeg_pipe,png_pipe,bmp_pipe,webp_pipe,tiff_pipe,gif_pipe,jpegxl_anim",
].join(",");

/** A video file, by its path. */
export function fileInput(path: string): FfmpegInput {
  // "file:" keeps a name such as "-y" or "concat:a" from meaning anything else
  const name = `file:${path}`;
  return {
    args: [
      "-protocol_whitelist",
      "file",
      "-format_whitelist",
      FILE_FORMATS,
      "-i",
      name,
    ],
    name,
    label: path,
  };
}

/** JPEG pictures, one after another, that we write to ffmpeg's standard input. */
export function jpegPipeInput(fps: number): FfmpegInput {
  return {
    args: ["-f", "mjpeg", "-framerate", String(fps), "-i", "pipe:0"],
    name: "pipe:0",
    label: "JPEG pictures",
  };
}

/** A stream on the network; `label` is its URL without credentials. */
export function urlInput(
  url: string,
  label: string,
  version: FfmpegVersion,
): FfmpegInput {
  const timeout = String(NETWORK_TIMEOUT_US);
  const args = /^rtsps?:/.test(url)
    ? [
      "-protocol_whitelist",
      "rtsp,rtsps,rtp,srtp,udp,tcp,tls,crypto",
      "-rtsp_transport",
      "tcp",
      // before 5.0 -timeout made ffmpeg listen instead
      isAtLeast(version, 5, 0) ? "-timeout" : "-stimeout",
      timeout,
    ]
    : [
      "-protocol_whitelist",
      "http,https,httpproxy,tcp,tls,crypto",
      "-rw_timeout",
      timeout,
    ];
  return { args: [...args, "-i", url], name: url, label };
}

/** What is asked of a camera. */
export interface CameraRequest {
  /** Number of the device, from 0. */
  readonly index: number;
  /** Pictures a second; the camera's own choice when it is not given. */
  readonly fps?: number | undefined;
  /** Picture size; the camera's own choice when it is not given. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Name of the device on Windows, see {@linkcode parseDshowDevices}. */
  readonly deviceName?: string;
}

/**
 * The ways to open a camera, the best first: compressed pictures carry a high
 * resolution through USB at full rate, but not every camera has them.
 *
 * @throws {MediaError} where the system has no known camera interface.
 */
export function cameraInputs(
  os: typeof Deno.build.os,
  request: CameraRequest,
): FfmpegInput[] {
  const { index, fps, size } = request;
  const wishes = [
    ...(fps === undefined ? [] : ["-framerate", String(fps)]),
    ...(size === undefined
      ? []
      : ["-video_size", `${size.width}x${size.height}`]),
  ];
  const label = `camera ${index}`;
  switch (os) {
    case "linux":
    case "android": {
      const name = `/dev/video${index}`;
      return [["-input_format", "mjpeg"], []].map((format) => ({
        args: ["-f", "v4l2", ...format, ...wishes, "-i", name],
        name,
        label,
      }));
    }
    case "darwin": {
      // avfoundation refuses a camera without a rate it knows
      const name = `${index}:none`;
      const rate = fps === undefined ? ["-framerate", "30"] : [];
      return [{
        args: ["-f", "avfoundation", ...rate, ...wishes, "-i", name],
        name,
        label,
      }];
    }
    case "windows": {
      const name = `video=${request.deviceName ?? index}`;
      return [["-vcodec", "mjpeg"], []].map((format) => ({
        args: ["-f", "dshow", ...format, ...wishes, "-i", name],
        name,
        label,
      }));
    }
    default:
      throw new MediaError(
        "unsupported",
        `Cannot open ${label}: cameras are not supported on ${os}`,
      );
  }
}

/** Names of the cameras in what `ffmpeg -f dshow -list_devices true -i dummy` writes, in order. */
export function parseDshowDevices(lines: readonly string[]): string[] {
  const names: string[] = [];
  let inVideoSection = true;
  for (const line of lines) {
    // up to 4.4 there are section headings, from 5.0 the kind follows each name
    if (/DirectShow video devices/.test(line)) inVideoSection = true;
    if (/DirectShow audio devices/.test(line)) inVideoSection = false;
    const match = /\]\s+"([^"]{1,200})"(?:\s+\((\w+)[^)]*\))?\s*$/.exec(line);
    const [, name, kind] = match ?? [];
    if (name === undefined || /Alternative name/.test(line)) continue;
    if (kind === undefined ? inVideoSection : kind === "video") {
      names.push(name);
    }
  }
  return names;
}
