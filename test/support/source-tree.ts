/** Reads the repository's own sources, for tests that hold rules over them. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

export interface SourceFile {
  path: string;
  text: string;
  lines: number;
}

/** Every file git tracks or would track (not ignored), with its text. */
export function sourceFiles(extensions = /\.(ts|tsx|js|mjs)$/): SourceFile[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root });
  const paths = [...new Set(listed.toString().split("\n"))].filter((path) => extensions.test(path));
  return paths.flatMap((path) => {
    try {
      const text = readFileSync(posix.join(root, path), "utf8");
      return [{ path, text, lines: text.split("\n").length - 1 }];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  });
}

/** The module specifiers a file imports, type imports included. */
export function importsOf(text: string): string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s*"([^"]+)"|import\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s+"([^"]+)"/g;
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? match[2] ?? match[3]) as string);
}

/** The repository path that a relative import leads to, or null for a package. */
export function resolveImport(fromPath: string, specifier: string): string | null {
  if (!specifier.startsWith(".")) return null;
  return posix.normalize(posix.join(posix.dirname(fromPath), specifier));
}
