import assert from "node:assert/strict";
import {
  DEFAULT_REGISTRY,
  parseNpmrc,
  resolveNpmConfig,
} from "../../src/media/npm_config.ts";

function environment(
  variables: Record<string, string>,
): (name: string) => string | undefined {
  return (name) => variables[name];
}

const cases: readonly {
  name: string;
  env?: Record<string, string>;
  npmrc?: string[];
  registry: string;
  cafile?: string;
}[] = [
  { name: "nothing is configured", registry: DEFAULT_REGISTRY },
  {
    name: "the environment names a registry",
    env: { npm_config_registry: "https://mirror.example/npm" },
    npmrc: ["registry=https://other.example/"],
    registry: "https://mirror.example/npm/",
  },
  {
    name: "the environment is in capitals",
    env: { NPM_CONFIG_REGISTRY: "http://127.0.0.1:4873/" },
    registry: "http://127.0.0.1:4873/",
  },
  {
    name: "the nearer .npmrc wins",
    npmrc: ["registry = https://near.example/\n", "registry=https://far/"],
    registry: "https://near.example/",
  },
  {
    name: "the farther .npmrc fills in",
    npmrc: [
      "; a remark\n# another\n",
      'cafile="/ca.pem"\r\nregistry=https://f/',
    ],
    registry: "https://f/",
    cafile: "/ca.pem",
  },
  {
    name: "the scope has a registry of its own",
    npmrc: ["registry=https://a/\n@ffmpeg-binary:registry=https://b/x"],
    registry: "https://b/x/",
  },
  {
    name: "a variable is filled in",
    env: { MIRROR: "m.example" },
    npmrc: ["registry=https://${MIRROR}/"],
    registry: "https://m.example/",
  },
  {
    name: "the value is no URL",
    env: { npm_config_registry: "file:///etc/passwd" },
    registry: DEFAULT_REGISTRY,
  },
];

for (const { name, env, npmrc, registry, cafile } of cases) {
  Deno.test(`the registry is right when ${name}`, () => {
    assert.deepEqual(
      resolveNpmConfig("@ffmpeg-binary", {
        env: environment(env ?? {}),
        npmrc: npmrc ?? [],
      }),
      { registry, cafile },
    );
  });
}

Deno.test("an .npmrc of junk gives no settings and no error", () => {
  const settings = parseNpmrc("=\n==\n[section]\nx\n = y\n", () => undefined);
  assert.deepEqual([...settings], []);
});
