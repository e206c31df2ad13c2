import assert from "node:assert/strict";
import { join } from "node:path";
import {
  ModelError,
  type ModelErrorCode,
} from "../../src/services/referee_analysis/model_error.ts";
import {
  checkModel,
  MAX_MODEL_BYTES,
  ModelSession,
} from "../../src/services/referee_analysis/model_session.ts";
import {
  type LoadedRuntime,
  ONNXRUNTIME_VARIABLE,
} from "../../src/services/referee_analysis/onnx_runtime.ts";
import { letterbox, readPeople } from "../../src/vision/mod.ts";
import {
  detectionAnswer,
  endToEndAnswer,
  poseAnswer,
  type TinyModel,
  tinyModel,
  type TinyPerson,
} from "../vision/support/onnx.ts";
import { startReferee } from "./support/referee.ts";
import { analyzeClip, phraseClip, testAnalyzer } from "./support/phrase.ts";

const PEOPLE: readonly TinyPerson[] = [
  { left: 100, top: 330, right: 160, bottom: 460, score: 0.95 },
  { left: 480, top: 332, right: 540, bottom: 461, score: 0.9 },
  // Somebody who looks on, smaller and further back.
  { left: 330, top: 300, right: 360, bottom: 380, score: 0.85 },
];

const MODELS: Readonly<Record<string, TinyModel>> = {
  "[1, 56, 8400]": { output: [1, 56, 8400], answer: poseAnswer(PEOPLE) },
  "[1, 84, 8400]": { output: [1, 84, 8400], answer: detectionAnswer(PEOPLE) },
  "[1, 300, 57]": { output: [1, 300, 57], answer: endToEndAnswer(PEOPLE) },
};

/** Writes a file that is gone afterwards. */
async function withFile(
  bytes: Uint8Array,
  use: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "tiny.onnx");
    await Deno.writeFile(path, bytes);
    await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const [shape, model] of Object.entries(MODELS)) {
  Deno.test(`a model that answers ${shape} gives the people through onnxruntime`, async () => {
    await withFile(tinyModel(model), async (path) => {
      const session = await ModelSession.open(path);
      try {
        const { inputWidth, inputHeight, layout } = session;
        assert.deepEqual([inputWidth, inputHeight], [640, 640]);
        const box = letterbox(1920, 1080, inputWidth, inputHeight);
        const input = new Float32Array(3 * 640 * 640).fill(0.4);
        const people = readPeople(await session.run(input), layout, box);
        assert.deepEqual(
          people.map(({ left, top, right, bottom, score }) => ({
            left: Math.round(left),
            top: Math.round(top) + box.top,
            right: Math.round(right),
            bottom: Math.round(bottom) + box.top,
            score: Math.round(score * 100) / 100,
          })),
          PEOPLE,
        );
      } finally {
        await session.close();
      }
    });
  });
}

const REFUSED: readonly (readonly [
  string,
  () => Uint8Array,
  ModelErrorCode,
  RegExp,
])[] = [
  [
    "a text file",
    () => new TextEncoder().encode("<!DOCTYPE html><p>not found</p>"),
    "not_onnx",
    /"tiny\.onnx": it is no ONNX file/,
  ],
  [
    "a model that is cut off",
    () => tinyModel(MODELS["[1, 300, 57]"]!).subarray(0, 4000),
    "not_onnx",
    /"tiny\.onnx": onnxruntime does not take it/,
  ],
  [
    "a model of something else",
    () => tinyModel({ output: [1, 1000], answer: new Float32Array(1000) }),
    "wrong_shape",
    /"tiny\.onnx": its output is \[1, 1000\] and not/,
  ],
  [
    "a model that answers in numbers nobody knows",
    () => tinyModel({ output: [1, 3, 9], answer: new Float32Array(27) }),
    "wrong_shape",
    /"tiny\.onnx": its output is \[1, 3, 9\] and not \[1, 56, N\]/,
  ],
];

for (const [what, bytes, code, words] of REFUSED) {
  Deno.test(`${what} is refused by name`, async () => {
    await withFile(bytes(), async (path) => {
      await assert.rejects(checkModel(path), (error) => {
        assert.ok(error instanceof ModelError);
        assert.equal(error.code, code);
        assert.match(error.message, words);
        return true;
      });
    });
  });
}

Deno.test("a file is named instead of npm, as in a compiled program, and loaded where a worker has an origin", async () => {
  const folder = await Deno.makeTempDir();
  const before = Object.getOwnPropertyDescriptor(globalThis, "location");
  const location = { origin: "null" };
  Object.defineProperty(globalThis, "location", {
    value: location,
    configurable: true,
  });
  try {
    await Deno.writeTextFile(
      join(folder, "ort.mjs"),
      `new URL(import.meta.url, globalThis.location?.origin);
      export const InferenceSession = {};
      export const env = { logLevel: "", wasm: { numThreads: 4 } };`,
    );
    await Deno.writeTextFile(join(folder, "other.mjs"), "export default {};");
    const load = async (file: string): Promise<LoadedRuntime> => {
      Deno.env.set(ONNXRUNTIME_VARIABLE, join(folder, file));
      // An instance of its own: the tests beside it have loaded the one from npm.
      const { loadOnnxRuntime } = await import(
        `../../src/services/referee_analysis/onnx_runtime.ts?${file}`
      );
      return await loadOnnxRuntime();
    };
    const { kind, runtime } = await load("ort.mjs");
    assert.equal(kind, "WebAssembly");
    assert.equal(runtime.env.wasm?.numThreads, 1);
    assert.equal(globalThis.location as unknown, location);
    await assert.rejects(
      load("other.mjs"),
      /Cannot load ".*other\.mjs": It is no module of onnxruntime\. Unpack onnxruntime-web/,
    );
    await assert.rejects(load("none.mjs"), /Cannot load ".*none\.mjs": /);
  } finally {
    Deno.env.delete(ONNXRUNTIME_VARIABLE);
    if (before === undefined) Reflect.deleteProperty(globalThis, "location");
    else Object.defineProperty(globalThis, "location", before);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a huge model is refused before it is read", async () => {
  await withFile(new Uint8Array(), async (path) => {
    await Deno.truncate(path, MAX_MODEL_BYTES + 1);
    await assert.rejects(
      checkModel(path),
      /Cannot use the model "tiny\.onnx": it has 537 MB and may have 536/,
    );
  });
  await assert.rejects(
    checkModel("/nowhere/yolo.onnx"),
    /Cannot use the model "yolo\.onnx": there is no such file/,
  );
});

Deno.test("a phrase is tracked with a model, and its points are in the tables", async () => {
  await withFile(tinyModel(MODELS["[1, 300, 57]"]!), async (model) => {
    using analyzer = await testAnalyzer({ model });
    await using referee = await startReferee({ analyzer });
    const clip = await phraseClip({ scenario: "right_pauses", seed: 1 });
    const result = await analyzeClip(referee.server.url, clip, clip.signal);
    assert.equal(result.analysis.tracks_from, "model");
    assert.deepEqual(result.stages_run, [
      "video_reconstruction",
      "yolo",
      "decision",
      "overlay",
    ]);
    // The model's people are always at the same place.
    assert.equal(result.winner, "none");
    assert.match(result.reason, /^No call: /);
    const csv = await (await fetch(
      new URL(result.links.keypoints_csv, referee.server.url),
    )).text();
    assert.match(csv, /^frame,time,fencer,.*,right_ankle_confidence\r\n/);
    const health = await (await fetch(`${referee.server.url}health`)).json();
    assert.equal(health.model_path, model);
    assert.equal(health.model_loaded, true);
  });
});

Deno.test("a model that fails mid-way gives way to the tracker, and the result says so", async () => {
  const failing = tinyModel({
    output: [1, 300, 57],
    answer: endToEndAnswer(PEOPLE),
    failsAbove: 0.2,
  });
  await withFile(failing, async (model) => {
    using analyzer = await testAnalyzer({ model });
    await using referee = await startReferee({ analyzer });
    const clip = await phraseClip({ scenario: "right_pauses", seed: 1 });
    const result = await analyzeClip(referee.server.url, clip, clip.signal);
    assert.equal(result.winner, "left");
    assert.equal(result.analysis.tracks_from, "tracker");
    assert.ok(
      result.warnings.some((line: string) =>
        line.startsWith("The model failed and the tracker went on: ")
      ),
      JSON.stringify(result.warnings),
    );
  });
});
