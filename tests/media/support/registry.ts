/**
 * An npm registry of one package.
 *
 * @module
 */

/** How the registry answers. */
export interface RegistryPlan {
  /** Name of the package. */
  readonly name: string;
  /** Version it has. */
  readonly version: string;
  /** What the description says; the tarball's own by default. */
  readonly integrity?: string;
  /** The tarball. */
  readonly tarball: Uint8Array<ArrayBuffer>;
  /** Sends only so many bytes of the tarball, and then closes. */
  readonly cutAfter?: number;
  /** Answers requests for the tarball with this status. */
  readonly tarballStatus?: number;
  /** Describes the tarball as lying at npm's own host, as a careless mirror does. */
  readonly namesNpmHost?: boolean;
  /** Keeps the tarball's second half back for ever. */
  readonly stalls?: boolean;
  /** Serves over TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A registry that runs; its requests are written down. */
export interface FakeRegistry extends AsyncDisposable {
  /** Base URL with a slash. */
  readonly url: string;
  /** Paths that were asked for. */
  readonly requests: string[];
}

/** Starts a registry on a free port of 127.0.0.1. */
export function startRegistry(plan: RegistryPlan): FakeRegistry {
  const requests: string[] = [];
  const released = Promise.withResolvers<void>();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    ...plan.tls,
  }, (request) => {
    const { pathname } = new URL(request.url);
    requests.push(pathname);
    if (pathname === `/${plan.name.replace("/", "%2f")}`) {
      const base = plan.namesNpmHost ? "https://registry.npmjs.org/" : url();
      return Response.json({
        name: plan.name,
        versions: {
          [plan.version]: {
            dist: {
              integrity: plan.integrity,
              tarball: `${base}${plan.name}/-/the-${plan.version}.tgz`,
            },
          },
        },
      });
    }
    if (pathname !== `/${plan.name}/-/the-${plan.version}.tgz`) {
      return new Response("no such thing", { status: 404 });
    }
    if (plan.tarballStatus !== undefined) {
      return new Response("no", { status: plan.tarballStatus });
    }
    return new Response(body(plan, released.promise), {
      headers: plan.cutAfter === undefined
        ? { "content-length": String(plan.tarball.length) }
        : {},
    });
  });
  function url(): string {
    const scheme = plan.tls === undefined ? "http" : "https";
    return `${scheme}://127.0.0.1:${server.addr.port}/`;
  }
  return {
    url: url(),
    requests,
    async [Symbol.asyncDispose]() {
      released.resolve();
      await server.shutdown();
    },
  };
}

function body(
  plan: RegistryPlan,
  released: Promise<void>,
): ReadableStream<Uint8Array> {
  const half = Math.floor(plan.tarball.length / 2);
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(
        plan.tarball.subarray(0, Math.min(half, plan.cutAfter ?? half)),
      );
      if (plan.stalls) await released;
      if (plan.cutAfter === undefined) {
        controller.enqueue(plan.tarball.subarray(half));
      }
      controller.close();
    },
  });
}
