/** Which images the node has: all that nobody says are missing. Each holds the machine's own programs, without what a test takes out of it. */

export interface ImageSpec {
  /** Programs it lacks: `/usr/bin/tmux`. */
  hides?: readonly string[];
  /** Files it has beyond the machine's: path in the container -> path on the machine. */
  binds?: Readonly<Record<string, string>>;
  /** What Dockerfile's USER says; root when left out. */
  user?: number;
  env?: Readonly<Record<string, string>>;
  command?: readonly string[];
}

const nowhere = /^([^/]+\.invalid|127\.0\.0\.1:1)\//;

export class Images {
  readonly #known = new Map<string, ImageSpec | "missing">();
  /** Without it a registry answers every pull. */
  #isOffline = false;

  constructor(images: Readonly<Record<string, ImageSpec | "missing">> = {}) {
    for (const [name, image] of Object.entries(images)) this.#known.set(name, image);
  }

  /** An image with this name is in the registry and on the node from now on, or nowhere. */
  set(name: string, image: ImageSpec | "missing"): void {
    this.#known.set(name, image);
  }

  /** No way out: what has to be pulled fails. */
  setOffline(isOffline: boolean): void {
    this.#isOffline = isOffline;
  }

  /** The image, or why the container waits. */
  pull(name: string, policy: string): { image: ImageSpec } | { reason: string; message: string } {
    if (!/^[a-z0-9][a-z0-9._/:@-]*[a-zA-Z0-9._/:@-]*$/.test(name)) {
      const message = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": invalid reference format`;
      return { reason: "InvalidImageName", message };
    }
    // Names under .invalid lead nowhere, on any network (RFC 2606), and nothing listens at the node's port 1.
    const image = this.#known.get(name) ?? (nowhere.test(name) ? "missing" : {});
    if (image !== "missing" && (policy !== "Always" || !this.#isOffline)) return { image };
    if (policy === "Never")
      return {
        reason: "ErrImageNeverPull",
        message: `Container image "${name}" is not present with pull policy of Never`,
      };
    return { reason: "ErrImagePull", message: pullFailure(name, this.#isOffline) };
  }
}

function pullFailure(name: string, isOffline: boolean): string {
  const full = name.includes("/") ? name : `docker.io/library/${name}`;
  const host = full.split("/")[0];
  const why = isOffline
    ? `failed to do request: Head "https://${host}/v2/": dial tcp: lookup ${host}: no such host`
    : `${full}: not found`;
  const code = isOffline ? "Unknown" : "NotFound";
  return `rpc error: code = ${code} desc = failed to pull and unpack image "${full}": failed to resolve reference "${full}": ${why}`;
}
