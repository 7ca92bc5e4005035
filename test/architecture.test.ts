/** The import rules and the house rules as code; the table is the README's tree. No exception lists. */
import { describe, expect, it } from "vitest";
import { importsOf, resolveImport, sourceFiles } from "./support/source-tree.ts";

/** Folder -> the folders it may import besides itself. The longest matching folder owns a file. */
const mayImport: Record<string, readonly string[]> = {
  "durable-objects/protocol/": [],
  "durable-objects/terminal/": ["durable-objects/protocol/"],
  "durable-objects/": ["durable-objects/terminal/", "durable-objects/protocol/"],
  "workers/rules/": ["durable-objects/protocol/"],
  "workers/store/": ["workers/rules/", "durable-objects/protocol/"],
  "workers/clients/": ["workers/rules/", "durable-objects/protocol/"],
  "workers/domain/": ["workers/store/", "workers/clients/", "workers/rules/", "durable-objects/protocol/"],
  "workers/http/": ["workers/domain/", "workers/rules/", "durable-objects/protocol/"],
  "workers/routes/": ["workers/http/", "workers/domain/", "workers/rules/", "durable-objects/protocol/"],
  "workers/web/": ["durable-objects/protocol/"],
  "workers/": [
    "workers/rules/",
    "workers/store/",
    "workers/clients/",
    "workers/domain/",
    "workers/http/",
    "workers/routes/",
    "durable-objects/protocol/",
  ],
  "bridge/reconcile/": ["bridge/runtime/", "durable-objects/protocol/"],
  "bridge/runtime/": ["durable-objects/protocol/"],
  "bridge/dev/": [],
  "bridge/": ["bridge/reconcile/", "bridge/runtime/", "durable-objects/protocol/"],
  "migrations/": ["workers/store/", "workers/rules/"],
};
const folders = Object.keys(mayImport).sort((a, b) => b.length - a.length);
const folderOf = (path: string) => folders.find((folder) => path.startsWith(folder));
const files = sourceFiles().filter((file) => !file.path.endsWith(".d.ts"));
const product = files.filter((file) => folderOf(file.path) !== undefined);

function matches(pattern: RegExp, allowed: (path: string) => boolean): string[] {
  return product
    .filter((file) => !allowed(file.path))
    .flatMap((file) =>
      file.text.split("\n").flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1} ${line}`] : [])),
    );
}

describe("architecture", () => {
  it("imports only what the table allows", () => {
    const broken = product.flatMap((file) =>
      importsOf(file.text).flatMap((specifier) => {
        const target = resolveImport(file.path, specifier);
        const from = folderOf(file.path) as string;
        const to = target === null ? undefined : folderOf(target);
        const isAllowed = to === undefined || to === from || (mayImport[from] ?? []).includes(to);
        return isAllowed ? [] : [`${file.path} -> ${target}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  it("keeps the protocol free of everything but zod", () => {
    const foreign = product
      .filter((file) => file.path.startsWith("durable-objects/protocol/"))
      .flatMap((file) => importsOf(file.text).filter((name) => !name.startsWith(".") && name !== "zod"));
    expect(foreign).toEqual([]);
  });

  it("keeps SQL in the store", () => {
    const foreign = product
      .filter((file) => !/^(workers\/store|migrations|bridge\/dev)\//.test(file.path))
      .flatMap((file) => importsOf(file.text).filter((name) => /^(drizzle-orm|@neondatabase|pg$)/.test(name)));
    expect(foreign).toEqual([]);
  });

  it("reads the raw environment only at its doors", () => {
    const isDoor = (path: string) =>
      path === "workers/env.ts" || path === "bridge/config.ts" || /^(bridge\/dev|migrations)\//.test(path);
    expect(matches(/\bprocess\.env\b|\bc\.env\.[A-Z]/, isDoor)).toEqual([]);
  });

  it("writes close codes as numbers only in protocol/closes.ts", () => {
    expect(
      matches(/\b(100[0-9]|101[0-5]|40\d\d)\b(?!\s*\*)(?=.*\bclose|.*\bcode)|close\(\s*\d{4}/, (path) =>
        path.endsWith("protocol/closes.ts"),
      ),
    ).toEqual([]);
  });

  it("takes clock and randomness as arguments in pure folders", () => {
    const isImpure = (path: string) =>
      !/^(durable-objects\/(protocol|terminal)\/|workers\/rules\/|bridge\/reconcile\/plan)/.test(path);
    expect(
      matches(/\bDate\.now\(|\bnew Date\(\)|Math\.random\(|crypto\.(getRandomValues|randomUUID)/, isImpure),
    ).toEqual([]);
  });

  it("keeps files within 400 lines, tests within 500", () => {
    const long = files.filter((file) => file.lines > (file.path.startsWith("test/") ? 500 : 400));
    expect(long.map((file) => `${file.path}: ${file.lines}`)).toEqual([]);
  });

  it("leaves no note to do something later", () => {
    const mark = new RegExp(`\\b(${["TO", "DO"].join("")}|FIX${"ME"}|X${"XX"})\\b`);
    expect(files.filter((file) => mark.test(file.text)).map((file) => file.path)).toEqual([]);
  });
});
