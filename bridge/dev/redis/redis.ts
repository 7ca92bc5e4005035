/**
 * A small Redis inside this process: the commands the product uses, and scripts. Everything runs synchronously, so
 * each command, script and transaction is atomic. Nothing is written to disk.
 */
import { createHash } from "node:crypto";
import { hashCommands, listCommands, setCommands } from "./collections.ts";
import { type CommandTable, integer, wrongArity } from "./commands.ts";
import { keyCommands } from "./keys.ts";
import { Keyspace, ok, RedisError, type Reply } from "./keyspace.ts";
import { compileScript, type Script } from "./lua.ts";
import { sortedSetCommands } from "./sorted-sets.ts";
import { stringCommands } from "./strings.ts";

export interface Redis {
  /** Runs one command given as words; throws RedisError for an error reply. */
  execute(words: string[]): Reply;
}

const dataCommands: CommandTable = {
  ...keyCommands,
  ...stringCommands,
  ...hashCommands,
  ...setCommands,
  ...listCommands,
  ...sortedSetCommands,
};

export function createRedis(nowMs: () => number = Date.now): Redis {
  const keyspace = new Keyspace(nowMs);
  const scripts = new Map<string, Script>();

  function execute(words: string[]): Reply {
    const [name = "", ...args] = words;
    const command = name.toUpperCase();
    if (command === "EVAL" || command === "EVAL_RO") return evaluate(loaded(args[0] ?? ""), args);
    if (command === "EVALSHA" || command === "EVALSHA_RO") return evaluate((args[0] ?? "").toLowerCase(), args);
    if (command === "SCRIPT") return script(args);
    return runData(command, name, args);
  }

  function runData(command: string, name: string, args: string[]): Reply {
    const found = Object.hasOwn(dataCommands, command) ? dataCommands[command] : undefined;
    if (found === undefined) throw new RedisError(`ERR unknown command '${name}'`);
    if (args.length < found.minArguments || args.length > found.maxArguments) throw wrongArity(name);
    return found.run(keyspace, ...args);
  }

  function loaded(source: string): string {
    const sha = createHash("sha1").update(source).digest("hex");
    if (!scripts.has(sha)) scripts.set(sha, compileScript(source, execute));
    return sha;
  }

  function evaluate(sha: string, args: string[]): Reply {
    const run = scripts.get(sha);
    if (run === undefined) throw new RedisError("NOSCRIPT No matching script. Please use EVAL.");
    const keyCount = integer(args[1]);
    return run(args.slice(2, 2 + keyCount), args.slice(2 + keyCount));
  }

  function script(args: string[]): Reply {
    const [action = "", ...rest] = args;
    if (action.toUpperCase() === "LOAD") return loaded(rest[0] ?? "");
    if (action.toUpperCase() === "EXISTS") return rest.map((sha) => (scripts.has(sha.toLowerCase()) ? 1 : 0));
    if (action.toUpperCase() !== "FLUSH") throw new RedisError(`ERR unknown subcommand '${action}'`);
    scripts.clear();
    return ok;
  }

  return { execute };
}
