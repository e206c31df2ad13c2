import assert from "node:assert/strict";
import {
  cameraInputs,
  fileInput,
  parseDshowDevices,
  urlInput,
} from "../../src/media/ffmpeg_inputs.ts";

const version5 = { text: "5.1", major: 5, minor: 1 };
const version4 = { text: "4.4", major: 4, minor: 4 };

Deno.test("a file's name can mean nothing but a file", () => {
  for (const path of ["-y", "concat:a|b", "http://x/", "pipe:0"]) {
    assert.equal(fileInput(path).args.at(-1), `file:${path}`);
  }
});

Deno.test("an RTSP camera is read over TCP and given up when silent", () => {
  const newer = urlInput("rtsp://h/x", "h", version5).args;
  assert.equal(newer[newer.indexOf("-rtsp_transport") + 1], "tcp");
  assert.ok(newer.includes("-timeout"));
  const older = urlInput("rtsp://h/x", "h", version4).args;
  assert.ok(older.includes("-stimeout") && !older.includes("-timeout"));
});

Deno.test("an http source opens no file", () => {
  const { args } = urlInput("http://h/x", "h", version5);
  const protocols = args[args.indexOf("-protocol_whitelist") + 1] ?? "";
  assert.ok(!protocols.split(",").includes("file"));
});

Deno.test("each system's camera is opened by its own interface", () => {
  const request = { index: 1, fps: 15, size: { width: 320, height: 240 } };
  const linux = cameraInputs("linux", request);
  assert.deepEqual(linux.map((input) => input.args.join(" ")), [
    "-f v4l2 -input_format mjpeg -framerate 15 -video_size 320x240 -i /dev/video1",
    "-f v4l2 -framerate 15 -video_size 320x240 -i /dev/video1",
  ]);
  assert.deepEqual(
    cameraInputs("darwin", { index: 0 }).map((input) => input.args.join(" ")),
    ["-f avfoundation -framerate 30 -i 0:none"],
  );
  assert.deepEqual(
    cameraInputs("windows", { index: 0, deviceName: "HD Cam" })
      .map((input) => input.args.at(-1)),
    ["video=HD Cam", "video=HD Cam"],
  );
  assert.throws(() => cameraInputs("solaris", request), {
    code: "unsupported",
  });
});

Deno.test("Windows' cameras are read from both forms of the list", () => {
  assert.deepEqual(
    parseDshowDevices([
      "[dshow @ 0001] DirectShow video devices (some may be both video and audio devices)",
      '[dshow @ 0001]  "HD Camera"',
      '[dshow @ 0001]     Alternative name "@device_pnp_1"',
      "[dshow @ 0001] DirectShow audio devices",
      '[dshow @ 0001]  "Microphone"',
    ]),
    ["HD Camera"],
  );
  assert.deepEqual(
    parseDshowDevices([
      '[dshow @ 0001] "HD Camera" (video)',
      '[dshow @ 0001]   Alternative name "@device_pnp_1"',
      '[dshow @ 0001] "Microphone" (audio)',
      '[dshow @ 0001] "Capture" (video, audio)',
    ]),
    ["HD Camera", "Capture"],
  );
});
