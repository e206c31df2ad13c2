import assert from "node:assert/strict";
import { join } from "node:path";
import {
  horizontalOverflow,
  keepScreenshot,
  type Page,
  pageTest,
  withPage,
  withPages,
} from "../support/chromium.ts";
import { makeClip, makeJpegs } from "../support/clips.ts";
import { waitUntil } from "../support/wait.ts";
import {
  RawClient,
  SINGLE_LIGHT,
  startReferee,
  type TestReferee,
} from "../services/support/referee.ts";

const WIDE = { width: 1600, height: 1000 };
const NARROW = { width: 360, height: 780 };
const FRAMES = 30;

/** A client whose session has `frames` frames. */
async function beginSession(
  referee: TestReferee,
  id: string,
  frames = FRAMES,
): Promise<RawClient> {
  const jpegs = await makeJpegs({ frames, size: "320x240" });
  const client = await RawClient.connect(referee.server.port);
  await client.say({
    type: "session_start",
    session_id: id,
    fps: 30,
    width: 320,
    height: 240,
    expected_frames: frames,
  });
  await client.until("session_started");
  for (const [number, jpeg] of jpegs.entries()) {
    await client.frame(id, number, jpeg);
    await client.until("frame_ack");
  }
  return client;
}

/** A finished recording. */
async function record(referee: TestReferee, id: string): Promise<void> {
  await using client = await beginSession(referee, id);
  await client.say({
    type: "session_end",
    session_id: id,
    total_frames: FRAMES,
  });
  await client.until("session_ended");
  await client.say({
    type: "signal",
    session_id: id,
    filename: "signal.txt",
    size: SINGLE_LIGHT.length,
  });
  await client.bytes(SINGLE_LIGHT);
  await client.until("process_complete");
}

/** Waits until a text is on the page and seen. */
async function seen(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).filter({ visible: true }).first().waitFor();
}

/** Waits until the player shows that picture. */
async function picture(page: Page, index: number): Promise<void> {
  await page.locator(`.player canvas[data-index="${index}"]`).waitFor();
}

function verdict(page: Page): Promise<string> {
  return page.locator(".verdict-answer").innerText();
}

pageTest("an empty server says how to begin", async () => {
  await using referee = await startReferee();
  await withPage(WIDE, async (page, { errors }) => {
    await page.goto(referee.server.url);
    await seen(page, "No phrase is decided yet");
    await seen(page, "There is no recording yet.");
    await seen(page, "Nobody sends now.");
    assert.equal(
      await page.getByLabel("Command that sends a phrase").inputValue(),
      `streamtool referee-send 127.0.0.1:${referee.server.port} --video phrase.mp4 --signal phrase.txt`,
    );
    assert.equal(await page.locator("#result").isVisible(), false);
    await seen(page, "max_streaming_memory_mb");
    await keepScreenshot(page, "referee_empty_1600");
    assert.deepEqual(errors, []);
  });
});

pageTest(
  "who won and why, with the recording to watch and to take along",
  async () => {
    await using referee = await startReferee();
    await record(referee, "semi-final_7");
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(referee.server.url);
      await seen(page, "Only the right fencer scored (certain, 100 %)");
      assert.equal(await verdict(page), "Right fencer");
      assert.equal(
        await page.title(),
        "semi-final_7 · Referee · streamtool",
      );
      await picture(page, 0);
      const colours = await page.locator(".player canvas").evaluate(
        (canvas) => {
          const { width, height } = canvas as HTMLCanvasElement;
          const { data } = (canvas as HTMLCanvasElement).getContext("2d")!
            .getImageData(0, 0, width, height);
          return new Set(new Uint32Array(data.buffer)).size;
        },
      );
      assert.ok(colours > 50, "a picture and not a plain colour");

      // The box's hit was at 0.500 s: frame 15.
      await page.getByRole("button", {
        name: 'Show the picture of "HIT: Right scores on Left!"',
      }).click();
      await picture(page, 15);
      await seen(page, "0.500 s · frame 15");
      await page.keyboard.press(".");
      await picture(page, 16);
      await page.keyboard.press(",");
      await page.keyboard.press(",");
      await picture(page, 14);
      await page.keyboard.press("ArrowLeft");
      await seen(page, "0.000 s · frame 0");
      await picture(page, 0);

      // It plays to its end, at its own speed or slower, and stops there.
      await page.getByLabel("Speed").selectOption("0.5");
      await page.locator("h1").click();
      const before = performance.now();
      await page.keyboard.press("Space");
      await page.getByRole("button", { name: "Pause" }).waitFor();
      await picture(page, 29);
      const seconds = (performance.now() - before) / 1000;
      assert.ok(seconds > 1.7, `half the speed, and it took ${seconds} s`);
      await page.getByRole("button", { name: "Play" }).waitFor();

      const facts = (await page.locator("#result .facts").innerText())
        .replace(/\s+/g, " ");
      assert.match(
        facts,
        /^Phrase semi-final_7 Winner Right fencer Confidence certain, 100 % Length 0\.97 s, 30 frames Times of the signal as they were given Picture 320×240 px, mjpeg Recorded .* Analysis without fisheye correction, tracking, overlay: this server has no analysis of pictures$/,
      );
      assert.deepEqual(
        await page.locator(".files a").allInnerTexts(),
        [
          "Video",
          "Signal file",
          "Events and their frames",
          "Frame times",
          "Result",
        ],
      );
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("link", { name: "Video" }).click(),
      ]);
      assert.equal(download.suggestedFilename(), "video.mkv");
      const [name] = await referee.artifacts();
      assert.equal(
        (await Deno.stat(await download.path())).size,
        (await Deno.stat(join(referee.folder, name!, "video.mkv"))).size,
      );
      await keepScreenshot(page, "referee_result_1600");
      assert.deepEqual(errors, []);
    });
  },
);

pageTest(
  "live sessions: picture, state, true rate; the result comes by itself",
  async () => {
    await using referee = await startReferee();
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(referee.server.url);
      await seen(page, "Nobody sends now.");
      // It sends while the page looks: an older picture is shown as an old one.
      await using other = await beginSession(referee, "piste_2", 12);
      await page.locator('#sessions .picture[data-stale="false"]').first()
        .waitFor({ state: "attached" });
      await seen(page, /^12 of 12 frames · [\d.]+ fps · [\d.]+ k?B$/);
      await using client = await beginSession(referee, "piste_1");
      await client.say({
        type: "session_end",
        session_id: "piste_1",
        total_frames: FRAMES,
      });
      await client.until("session_ended");
      await seen(page, "Waiting for the signal");
      assert.equal(await page.locator("#sessions .tile").count(), 2);
      await keepScreenshot(page, "referee_live_1600");
      const row = page.locator("#figures tbody tr").nth(2);
      assert.match(
        (await row.innerText()).replace(/\s+/g, " "),
        /^piste_1 Waiting for the signal 127\.0\.0\.1 30 [\d.]+ 30\.0 0 0 0 \d+ kB/,
      );
      await client.say({
        type: "signal",
        session_id: "piste_1",
        filename: "s.txt",
        size: SINGLE_LIGHT.length,
      });
      await client.bytes(SINGLE_LIGHT);
      await seen(page, "Only the right fencer scored (certain, 100 %)");
      await waitUntil(async () =>
        await page.locator("#sessions .tile").count() === 1
      );
      await other.cut();
      await seen(page, "Nobody sends now.");
      assert.match(
        (await page.locator("#stats").innerText()).replace(/\s+/g, " "),
        /Waiting for their client 1$/,
      );
      assert.deepEqual(errors, []);
    });
  },
);

pageTest(
  "recordings are chosen, the address keeps it, the keyboard goes along them",
  async () => {
    await using referee = await startReferee();
    for (const id of ["first", "second", "third"]) await record(referee, id);
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(referee.server.url);
      await seen(page, "Only the right fencer scored (certain, 100 %)");
      const names = page.locator("#recordings tbody th");
      assert.deepEqual(await names.allInnerTexts(), [
        "third",
        "second",
        "first",
      ]);
      await page.getByRole("button", { name: "Watch first" }).click();
      const title = page.locator("#result-title");
      await waitUntil(async () => await title.innerText() === "first");
      assert.match(page.url(), /\?result=first_/);
      await page.reload();
      await waitUntil(async () => await title.innerText() === "first");
      await picture(page, 0);
      await page.keyboard.press("p");
      await waitUntil(async () => await title.innerText() === "second");
      await page.keyboard.press("Escape");
      await waitUntil(async () => await title.innerText() === "third");
      assert.equal(page.url(), referee.server.url);
      await page.keyboard.press("u");
      assert.equal(
        await page.evaluate(() => document.activeElement?.id),
        "upload-video",
      );
      await page.locator("h1").click();
      await page.keyboard.press("?");
      await seen(page, "Upload a phrase");
      await seen(page, "Half a second back");
      await page.keyboard.press("Escape");
      assert.deepEqual(errors, []);
      await page.goto(`${referee.server.url}?result=nothing_of_this_name`);
      await seen(page, 'Cannot show "nothing_of_this_name"');
      assert.equal(errors.length, 1); // the browser names the 404
    });
  },
);

pageTest(
  "an uploaded video that the browser cannot play is shown by its own pictures, or by decoded ones",
  async () => {
    await using referee = await startReferee();
    const folder = await Deno.makeTempDir({ prefix: "referee_page_" });
    try {
      const names: string[] = [];
      for (
        const [file, codec, pixFmt] of [
          ["jpegs.mkv", "mjpeg", "yuvj420p"],
          ["old.avi", "mpeg4", "yuv420p"],
        ] as const
      ) {
        const path = join(folder, file);
        await makeClip(path, {
          frames: 30,
          fps: 30,
          size: "320x240",
          codec,
          pixFmt,
        });
        const form = new FormData();
        form.set("video", new File([await Deno.readFile(path)], file));
        form.set(
          "signal",
          new File([SINGLE_LIGHT as Uint8Array<ArrayBuffer>], "phrase.txt"),
        );
        const { links } = await (await fetch(
          `${referee.server.url}analyze`,
          { method: "POST", body: form },
        )).json();
        names.push(links.result.split("/")[2]);
      }
      const slow = /the server decodes its pictures, a few a second/;
      await withPage(WIDE, async (page, { errors }) => {
        for (const name of names) {
          await page.goto(`${referee.server.url}?result=${name}`);
          await picture(page, 0);
          assert.equal(
            await page.getByText(slow).isVisible(),
            name === names[1],
          );
          await page.getByRole("button", {
            name: 'Show the picture of "HIT: Right scores on Left!"',
          }).click();
          await picture(page, 15);
          await page.locator("h1").click();
          await page.keyboard.press("Space");
          await picture(page, 29);
        }
        assert.deepEqual(errors, []);
        await page.setViewportSize(NARROW);
        assert.equal(await horizontalOverflow(page), 0);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

pageTest(
  "a video and its signal are uploaded, decided and played",
  async () => {
    await using referee = await startReferee();
    const folder = await Deno.makeTempDir({ prefix: "referee_page_" });
    try {
      const video = join(folder, "phrase.mp4");
      const signal = join(folder, "phrase.txt");
      await makeClip(video, {
        frames: 60,
        fps: 30,
        size: "320x240",
        codec: "libx264",
        pixFmt: "yuv420p",
      });
      await Deno.writeFile(signal, SINGLE_LIGHT);
      await withPage(WIDE, async (page, { errors }) => {
        await page.goto(referee.server.url);
        const submit = page.getByRole("button", { name: "Upload and decide" });
        await submit.click();
        await seen(page, "Choose a video and its signal file first.");
        await page.getByLabel("Video", { exact: true }).setInputFiles(video);
        await page.getByLabel("Signal file of the scoring box").setInputFiles(
          signal,
        );
        await page.getByLabel("Left and right are exchanged").check();
        await submit.click();
        await seen(page, "phrase.mp4 is decided.");
        await seen(page, "Only the left fencer scored (certain, 100 %)");
        assert.match(page.url(), /\?result=upload_/);
        await waitUntil(() =>
          page.locator(".player video").evaluate((video) =>
            (video as HTMLVideoElement).readyState >= 2
          )
        );
        await page.locator("h1").click();
        await page.keyboard.press("Space");
        await waitUntil(() =>
          page.locator(".player video").evaluate((video) =>
            (video as HTMLVideoElement).currentTime > 0.3
          )
        );
        await keepScreenshot(page, "referee_upload_1600");
        assert.deepEqual(errors, []);

        await page.getByLabel("Video", { exact: true }).setInputFiles(signal);
        await page.getByLabel("Signal file of the scoring box").setInputFiles(
          signal,
        );
        await submit.click();
        await page.locator('.form-message[data-tone="bad"]').waitFor();
        assert.match(
          await page.locator(".form-message").innerText(),
          /phrase\.txt/,
        );
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

pageTest(
  "dark and light, from 360 to 1600 pixels, everything fits",
  async () => {
    await using referee = await startReferee();
    await record(
      referee,
      "a-phrase-with-a-name-as-long-as-names-may-well-be_0123456789",
    );
    await record(referee, "short");
    await using _live = await beginSession(
      referee,
      "another-name-as-long-as-names-may-well-be_0123456789_0123456789",
    );
    const widths = [360, 719, 720, 1099, 1100, 1240, 1600];
    const screens = widths.map((width) => ({
      width,
      height: 2400,
      colorScheme: width === 1600 || width === 719 ? "dark" : "light",
    } as const));
    await withPages(screens, async (page, { errors }, { width }) => {
      await page.goto(referee.server.url);
      await picture(page, 0);
      await page.locator("#sessions .tile").waitFor();
      await page.locator("#recordings tbody tr").nth(2).waitFor();
      assert.equal(await horizontalOverflow(page), 0, `${width}`);
      const small = await page.locator("button, a, select, input")
        .evaluateAll((found) =>
          found.map((one) => ({
            name: one.id || (one as HTMLElement).innerText,
            ...(one.closest(".check") ?? one).getBoundingClientRect()
              .toJSON(),
          })).filter(({ top, width, height }) =>
            top > 0 && width > 0 && (height < 43.5 || width < 43.5)
          )
        );
      assert.deepEqual(small, [], `touch targets of 44 pixels at ${width}`);
      await keepScreenshot(page, `referee_${width}`);
      assert.deepEqual(errors, []);
    });
  },
);

pageTest(
  "a server that goes away is said to be gone, and comes back",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "referee_page_" });
    try {
      const first = await startReferee({}, folder);
      await record(first, "one");
      const { port } = first.server;
      await withPage(WIDE, async (page) => {
        await page.goto(first.server.url);
        await seen(page, "Only the right fencer scored (certain, 100 %)");
        await first[Symbol.asyncDispose]();
        await seen(page, "Connection lost, retrying");
        await using _second = await startReferee({ port }, folder);
        await waitUntil(async () =>
          await page.locator("#state").innerText() === "Running"
        );
        assert.equal(await verdict(page), "Right fencer");
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

pageTest(
  "with a token the page asks for it, and shows nothing before",
  async () => {
    const token = "a-token-of-some-length";
    await using referee = await startReferee({ token });
    await withPage(NARROW, async (page, { errors }) => {
      await page.goto(referee.server.url);
      await seen(page, "This server shows its recordings to whoever knows");
      await page.getByLabel("Token").fill(token);
      await page.getByRole("button", { name: "Open" }).click();
      await seen(page, "No phrase is decided yet");
      assert.equal(page.url(), `${referee.server.url}?token=${token}`);
      assert.equal(errors.length, 1); // the browser names the 401
    });
  },
);
