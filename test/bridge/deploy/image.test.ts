/** The image without building it: what the Dockerfile copies is all that the bridge imports, and nothing of it is only for developers. */
import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeOptions } from "../../../bridge/dev/node-options.ts";
import packageJson from "../../../package.json" with { type: "json" };
import { importsOf, resolveImport, root } from "../../support/source-tree.ts";

const read = (path: string) => readFileSync(join(root, path), "utf8");
const dockerfile = read("bridge/deploy/Dockerfile");
const final = dockerfile.slice(dockerfile.indexOf(" AS bridge\n"));
const copied = [...final.matchAll(/^COPY ([^-]\S*) /gm)].map((match) => match[1] ?? "");
const left = read("bridge/deploy/Dockerfile.dockerignore")
  .split("\n")
  .filter((line) => /^[a-z]/.test(line));

/** Every file that main.ts leads to, and every package. */
function closure(): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string) => {
    if (files.has(path)) return;
    files.add(path);
    if (!path.endsWith(".ts")) return;
    for (const specifier of importsOf(read(path))) {
      const target = resolveImport(path, specifier);
      if (target !== null) visit(target);
      else if (!isBuiltin(specifier)) packages.add(/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
    }
  };
  visit("bridge/main.ts");
  return { files, packages };
}

describe("the image", () => {
  const { files, packages } = closure();

  it("holds every file that the bridge imports", () => {
    expect(files.size).toBeGreaterThan(50);
    const missing = [...files].filter(
      (file) =>
        !copied.some((each) => file === each || file.startsWith(each)) ||
        left.some((each) => file.startsWith(`${each}/`)),
    );
    expect(missing).toEqual([]);
  });

  it("holds every package that the bridge imports", () => {
    expect([...packages].filter((name) => !(name in packageJson.dependencies))).toEqual([]);
  });

  it("is built from files that are there", () => {
    const all = [...dockerfile.matchAll(/^COPY ([^-].*) \S+$/gm)].flatMap((match) => (match[1] ?? "").split(" "));
    expect(all.length).toBeGreaterThan(4);
    expect(all.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("runs as nobody of importance, and has the tools where the init container looks for them", () => {
    expect(final).toMatch(/^USER 1000:1000$/m);
    const place = /^tools=\$root(\S+)$/m.exec(read("bridge/runtime/kubernetes/init/prepare.sh"))?.[1];
    expect(final).toContain(`COPY --from=collect /rootfs${place}/ ${place}/`);
  });

  it("is run by Node as everywhere", () => {
    const command = ["node", ...nodeOptions, "bridge/main.ts"];
    expect(JSON.parse(/^ENTRYPOINT (.+)$/m.exec(final)?.[1] ?? "")).toEqual(command);
    expect(packageJson.scripts.bridge).toBe(`exec ${command.join(" ")}`);
  });
});
