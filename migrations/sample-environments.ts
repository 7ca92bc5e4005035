/** Two stopped environments for the seed accounts, so that a new list is not empty. */
import { randomBytes } from "node:crypto";
import { and, eq, inArray } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { templates } from "../workers/store/schema/catalog.ts";
import { environments } from "../workers/store/schema/environments.ts";
import { ivBytes, type SealingKey, sealVariables } from "../workers/store/sealing.ts";
import { newId } from "./ids.ts";

const samples = [
  { owner: "demo@devpocket.app", name: "my-nodejs-app", templateId: "nodejs", description: "A Node.js sample" },
  { owner: "test@devpocket.app", name: "python-playground", templateId: "python", description: "A Python sample" },
];

/** Adds a sample unless its owner ever had one of that name, a deleted one included. */
export async function seedEnvironments(db: NodePgDatabase, userIds: Map<string, string>, keysText: string) {
  const keys = parseKeys(keysText);
  const ids = samples.map(({ templateId }) => templateId);
  const found = await db.select().from(templates).where(inArray(templates.id, ids));
  for (const { owner, name, templateId, description } of samples) {
    const userId = userIds.get(owner);
    const template = found.find(({ id }) => id === templateId);
    if (userId === undefined || template === undefined) continue;
    const isNamed = and(eq(environments.userId, userId), eq(environments.name, name));
    if ((await db.select({ id: environments.id }).from(environments).where(isNamed)).length > 0) continue;
    const id = newId("env");
    const { dockerImage, defaultPort, cpuMillicores, memoryBytes, storageBytes, environmentVariables } = template;
    await db.insert(environments).values({
      id,
      userId,
      clusterId: "default",
      templateId,
      name,
      description,
      dockerImage,
      port: defaultPort,
      cpuMillicores,
      memoryBytes,
      storageBytes,
      sealedVariables: await sealVariables(keys, id, environmentVariables, Uint8Array.from(randomBytes(ivBytes))),
      desired: "stopped",
      phase: "stopped",
    });
  }
}

/** `keyId:base64url[,older...]`, as the Worker reads ENVIRONMENT_KEYS. */
function parseKeys(text: string): SealingKey[] {
  return text.split(",").map((part) => {
    const [id = "", key = ""] = part.trim().split(":");
    const bytes = Uint8Array.from(Buffer.from(key, "base64url"));
    if (id === "" || bytes.length !== 32) throw new Error("ENVIRONMENT_KEYS must be keyId:32 bytes in base64url");
    return { id, bytes };
  });
}
