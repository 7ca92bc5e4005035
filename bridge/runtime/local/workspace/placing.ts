/** Gives finished files their names, one at a time in an environment, so that what was expected of a file holds. */
import { constants } from "node:fs";
import { link, lstat, rename, unlink } from "node:fs/promises";
import type { FileCondition, FileFacts } from "../../../../durable-objects/protocol/files.ts";
import type { WrittenFile } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { Turns } from "../../turns.ts";
import { expect, factsAt, factsIfAny } from "./facts.ts";
import { isErrno } from "./refusals.ts";
import { at, openRegular, type Root, type Spot } from "./walk.ts";

const permissionBits = 0o777;

export class Placing {
  readonly #root: Root;
  readonly #turns = new Turns();

  constructor(root: Root) {
    this.#root = root;
  }

  /** Moves a finished file to its path. Directories on the way are made; one that is replaced leaves its permissions. */
  file(finished: string, path: string, condition: FileCondition): Promise<WrittenFile> {
    return this.#inTurn(path, async (spot) => {
      const found = await refuseUnlessWritable(spot, condition);
      if (found !== null) await keepPermissions(finished, spot.path);
      if (condition?.kind === "absent") await linkAnew(finished, spot.path);
      else await rename(finished, spot.path);
      return { file: await factsAt(spot.path, spot.name), isNew: found === null };
    });
  }

  /** Throws what writing to this path would throw now. */
  async refuseUnlessPossible(path: string, condition: FileCondition): Promise<void> {
    try {
      await at(this.#root, path, { followLast: true }, (spot) => refuseUnlessWritable(spot, condition));
    } catch (error) {
      if (isErrno(error, "ENOENT")) expect(condition, null);
      else throw error;
    }
  }

  /** Moves what is at one path to another. */
  move(fromPath: string, from: Spot, path: string, replace: boolean): Promise<WrittenFile> {
    return this.#inTurn(
      path,
      async (to) => {
        const found = await factsIfAny(to.path, to.name);
        const isInWay = found !== null && (!replace || found.kind === "directory");
        if (to.name === "." || isInWay)
          throw new RuntimeFailure("path_exists", "There is something at this path already");
        if (`${path}/`.startsWith(`${fromPath}/`))
          throw new RuntimeFailure("bad_path", "A directory cannot be in itself");
        await rename(from.path, to.path);
        return { file: await factsAt(to.path, to.name), isNew: found === null };
      },
      false,
    );
  }

  #inTurn<Value>(path: string, step: (spot: Spot) => Promise<Value>, followLast = true): Promise<Value> {
    return this.#turns.take(() => at(this.#root, path, { followLast, make: true }, step));
  }
}

async function refuseUnlessWritable(spot: Spot, condition: FileCondition): Promise<FileFacts | null> {
  const found = await factsIfAny(spot.path, spot.name);
  if (found !== null && found.kind !== "file") throw new RuntimeFailure("not_a_file", "What is there is not a file");
  expect(condition, found);
  return found;
}

/** Fails where a name has appeared meanwhile, as no rename does. */
async function linkAnew(finished: string, path: string): Promise<void> {
  try {
    await link(finished, path);
  } catch (error) {
    if (isErrno(error, "EEXIST")) throw new RuntimeFailure("file_changed", "The file is there by now");
    throw error;
  }
  await unlink(finished);
}

/** What replaces a file has its permissions. */
async function keepPermissions(finished: string, replaced: string): Promise<void> {
  const { mode } = await lstat(replaced);
  const file = await openRegular(finished, constants.O_RDONLY);
  await file.chmod(mode & permissionBits).finally(() => file.close());
}
