/** What an operator asked for: the arguments of `npm run admin`, whole or not at all. Reads nothing else. */
import { parseArgs } from "node:util";

export type OperatorCommand =
  | { kind: "create-admin"; email: string; username: string; isPasswordGiven: boolean }
  | { kind: "create-cluster"; name: string; region: string | undefined; isDefault: boolean }
  | { kind: "issue-bridge-token"; cluster: string; name: string }
  | { kind: "revoke-bridge-token"; id: string }
  | { kind: "list" };

/** Something the person who called can put right; the message is one clear line. */
export class NotUnderstood extends Error {}

export const help = `Usage: DATABASE_URL=postgresql://... npm run admin -- COMMAND

  create-admin --email E --username U [--password-stdin]
      an account with the role admin; its password is made here and printed once, or read from stdin
  create-cluster --name N [--region R] [--default]
      a place for environments; the first one is the default
  issue-bridge-token --cluster C [--name N]
      a token for a bridge of the cluster of this name or id; printed once, kept as a hash
  revoke-bridge-token --id BRT
      ends a token; the links it opened close within a minute
  list
      administrators, clusters and live tokens, without secrets
  help
      this text

Secrets are the only thing on stdout: TOKEN=$(npm run --silent admin -- issue-bridge-token --cluster default)`;

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;

const readers: Record<OperatorCommand["kind"], (args: string[]) => OperatorCommand> = {
  "create-admin": (args) => {
    const { email, username, ...rest } = valuesOf(args, { email: text, username: text, "password-stdin": flag });
    const isPasswordGiven = rest["password-stdin"] === true;
    return {
      kind: "create-admin",
      email: required("email", email),
      username: required("username", username),
      isPasswordGiven,
    };
  },
  "create-cluster": (args) => {
    const { name, region, default: isDefault } = valuesOf(args, { name: text, region: text, default: flag });
    return {
      kind: "create-cluster",
      name: required("name", name),
      region: optional("region", region),
      isDefault: isDefault === true,
    };
  },
  "issue-bridge-token": (args) => {
    const { cluster, name } = valuesOf(args, { cluster: text, name: text });
    return {
      kind: "issue-bridge-token",
      cluster: required("cluster", cluster),
      name: optional("name", name) ?? "bridge",
    };
  },
  "revoke-bridge-token": (args) => {
    return { kind: "revoke-bridge-token", id: required("id", valuesOf(args, { id: text })["id"]) };
  },
  list: (args) => {
    valuesOf(args, {});
    return { kind: "list" };
  },
};

/** Throws NotUnderstood for anything but a whole command. */
export function readCommand([name = "help", ...args]: string[]): OperatorCommand | "help" {
  if (name === "help" || name === "--help") return "help";
  if (!Object.hasOwn(readers, name)) throw new NotUnderstood(`there is no command ${JSON.stringify(name)}`);
  return readers[name as OperatorCommand["kind"]](args);
}

type Options = Record<string, typeof text | typeof flag>;

function valuesOf(args: string[], options: Options): Record<string, string | boolean | undefined> {
  try {
    return { ...parseArgs({ args, options, allowPositionals: false }).values };
  } catch (error) {
    throw new NotUnderstood(error instanceof Error ? (error.message.split(". ")[0] ?? "") : String(error));
  }
}

function required(name: string, value: string | boolean | undefined): string {
  const given = optional(name, value);
  if (given === undefined) throw new NotUnderstood(`--${name} is missing`);
  return given;
}

function optional(name: string, value: string | boolean | undefined): string | undefined {
  if (typeof value !== "string") return undefined;
  if (value.trim() === "") throw new NotUnderstood(`--${name} is empty`);
  return value.trim();
}
