/** What the API server's answers hold, as far as the bridge looks at all of them: foreign data, read once. */
import { z } from "zod";
import { ClusterProblem } from "./problem.ts";

/** What every object has, and everything else of it. */
export const objectSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    uid: z.string(),
    resourceVersion: z.string().optional(),
    creationTimestamp: z.string().nullish(),
    deletionTimestamp: z.string().nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
    finalizers: z.array(z.string()).nullish(),
    ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string(), uid: z.string() })).nullish(),
    managedFields: z
      .array(z.looseObject({ manager: z.string().optional(), operation: z.string().optional() }))
      .nullish(),
  }),
});
export type ClusterObject = z.infer<typeof objectSchema>;

/** What is to be applied: who names it has typed it by client-node's models. */
export interface Manifest {
  metadata?: { name?: string } | undefined;
}

const listSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().nullish() }),
  items: z.array(z.unknown()).nullish(),
});

/** One page of a list. */
export interface Page {
  objects: ClusterObject[];
  /** Of the whole list, from which a watch goes on. */
  version: string;
  /** Asks for the page after this; undefined on the last one. */
  next: string | undefined;
}

export function readObject(answer: unknown): ClusterObject {
  return parsed(objectSchema, answer);
}

export function readPage(answer: unknown): Page {
  const { items, metadata } = parsed(listSchema, answer);
  return {
    objects: (items ?? []).map(readObject),
    version: metadata.resourceVersion,
    next: metadata.continue || undefined,
  };
}

/** An answer that is not what it should be is as good as none. */
function parsed<Value>(schema: z.ZodType<Value>, answer: unknown): Value {
  const { success, data } = schema.safeParse(answer);
  if (!success) throw new ClusterProblem("unavailable", "The API server's answer cannot be read");
  return data;
}
