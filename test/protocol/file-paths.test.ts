import { describe, expect, it } from "vitest";
import { filePathSchema, nameOf, readFilePath } from "../../durable-objects/protocol/file-paths.ts";

describe("17: paths of files", () => {
  it.each([
    ["", ""],
    ["/workspace", ""],
    ["/workspace/", ""],
    ["./a//b/.", "a/b"],
    ["/workspace/a b/c", "a b/c"],
    ["...", "..."],
    ["a/.devpocket", "a/.devpocket"],
    ["ä/€/😀", "ä/€/😀"],
    ["-rf/$(id)/#{pid}", "-rf/$(id)/#{pid}"],
  ])("reads %j as %j", (text, path) => {
    expect(readFilePath(text)).toEqual({ ok: true, path });
    expect(filePathSchema.safeParse(path).success).toBe(true);
  });

  it.each([
    ["..", "outside_workspace"],
    ["a/../b", "outside_workspace"],
    ["a/..", "outside_workspace"],
    ["/etc/passwd", "outside_workspace"],
    ["/workspaces", "outside_workspace"],
    ["/workspace/../etc", "outside_workspace"],
    ["//workspace/a", "outside_workspace"],
    ["a\0b", "bad_path"],
    ["\ud800", "bad_path"],
    ["n".repeat(256), "bad_path"],
    ["€".repeat(86), "bad_path"],
    ["a/".repeat(2_100), "bad_path"],
    [".devpocket", "path_forbidden"],
    ["./.devpocket/u-x/data", "path_forbidden"],
  ])("refuses %j as %s", (text, problem) => {
    expect(readFilePath(text)).toEqual({ ok: false, problem });
    expect(filePathSchema.safeParse(text).success).toBe(false);
  });

  it("takes nothing over the wire that has not been read", () => {
    for (const text of ["/workspace/a", "./a", "a//b", "a/"])
      expect(filePathSchema.safeParse(text).success).toBe(false);
  });

  it("tells the name of a path", () => {
    expect(["a/b/c", "a", ""].map(nameOf)).toEqual(["c", "a", ""]);
  });
});
