/**
 * Which npm registry the user has configured.
 *
 * Only what a download needs: the registry, one for a scope, and `cafile`.
 * Credentials are not read: a registry that wants them answers 401 and the
 * user installs ffmpeg otherwise.
 *
 * @module
 */

import { join } from "node:path";

/** npm's own default. */
export const DEFAULT_REGISTRY = "https://registry.npmjs.org/";

/** Longest `.npmrc` that is read: real ones have a few lines. */
const MAX_NPMRC_LENGTH = 64 * 1024;

/** What the user has configured. */
export interface NpmConfig {
  /** URL of the registry, with a slash at its end. */
  readonly registry: string;
  /** File with the certificates of authorities to trust besides the built-in ones. */
  readonly cafile: string | undefined;
}

/** What the configuration is read from. */
export interface NpmConfigSources {
  /** Reads an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Contents of the `.npmrc` files that are there, the one that wins first. */
  readonly npmrc: readonly string[];
}

/** The settings of an `.npmrc` (an ini file): `${NAME}` is replaced by the environment, as npm does. */
export function parseNpmrc(
  text: string,
  env: (name: string) => string | undefined,
): Map<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.slice(0, MAX_NPMRC_LENGTH).split(/\r?\n/)) {
    const match = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
    const [, key, raw] = match ?? [];
    if (key === undefined || raw === undefined) continue;
    const unquoted = raw.replace(/^(["'])(.*)\1$/, "$2");
    settings.set(
      key,
      unquoted.replace(
        /\$\{([^}]+)\}/g,
        (whole, name: string) => env(name) ?? whole,
      ),
    );
  }
  return settings;
}

/**
 * The registry for packages of `scope` (such as "@ffmpeg-binary"): the
 * environment (`npm_config_registry`) first, then each `.npmrc`. A value that
 * is no http(s) URL counts as not set.
 */
export function resolveNpmConfig(
  scope: string,
  sources: NpmConfigSources,
): NpmConfig {
  const { env } = sources;
  const files = sources.npmrc.map((text) => parseNpmrc(text, env));
  const setting = (name: string): string | undefined => {
    // npm takes its variables in either case
    const fromEnvironment = env(`npm_config_${name}`) ||
      env(`NPM_CONFIG_${name.toUpperCase()}`);
    if (fromEnvironment) return fromEnvironment;
    return files.map((file) => file.get(name)).find((value) => value);
  };
  const scoped = files.map((file) => file.get(`${scope}:registry`))
    .find((value) => value);
  const registry = [scoped, setting("registry")].find(isHttpUrl) ??
    DEFAULT_REGISTRY;
  return {
    registry: registry.endsWith("/") ? registry : `${registry}/`,
    cafile: setting("cafile") || undefined,
  };
}

function isHttpUrl(value: string | undefined): value is string {
  return value !== undefined && URL.canParse(value) &&
    /^https?:$/.test(new URL(value).protocol);
}

/** Reads the `.npmrc` of the current folder and of the user's home. */
export async function readNpmConfig(
  scope: string,
  env: (name: string) => string | undefined,
): Promise<NpmConfig> {
  const home = env("HOME") ?? env("USERPROFILE");
  const paths = [".npmrc"];
  const userFile = env("npm_config_userconfig") ||
    (home ? join(home, ".npmrc") : undefined);
  if (userFile !== undefined) paths.push(userFile);
  const npmrc: string[] = [];
  for (const path of paths) {
    const text = await Deno.readTextFile(path).catch(() => undefined);
    if (text !== undefined) npmrc.push(text);
  }
  return resolveNpmConfig(scope, { env, npmrc });
}
