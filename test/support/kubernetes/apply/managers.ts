/** Who owns which fields (metadata.managedFields): kept by every write, asked by every apply. */
import { type KubeObject, type ManagedFields, timestamp } from "../api/objects.ts";
import { StatusError } from "../api/statuses.ts";
import { differenceOf, type FieldSet, fromFieldsV1, leavesOf, printed, toFieldsV1 } from "./field-set.ts";
import { merged, without } from "./merge.ts";

export interface Writer {
  manager: string;
  isForced: boolean;
  subresource?: string | undefined;
}

type Owners = (Omit<ManagedFields, "fieldsV1"> & { set: Set<string> })[];

const ownersOf = (object: KubeObject | null): Owners =>
  (object?.metadata.managedFields ?? []).map(({ fieldsV1, ...entry }) => ({ ...entry, set: fromFieldsV1(fieldsV1) }));

function isEntryOf(writer: Writer, operation: ManagedFields["operation"]) {
  return (entry: Owners[number]) =>
    entry.manager === writer.manager && entry.operation === operation && entry.subresource === writer.subresource;
}

/** `live` after the writer applied `applied`. Throws 409 with a cause for each field that another manager holds. */
export function applyTo(live: KubeObject | null, applied: KubeObject, writer: Writer): KubeObject {
  const set = new Set(leavesOf(applied).keys());
  const base = live ?? ({ ...applied, metadata: { ...applied.metadata } } as KubeObject);
  const result = merged(base, applied) as KubeObject;
  const isMine = isEntryOf(writer, "Apply");
  const owners = ownersOf(live);
  const mine = owners.find(isMine)?.set ?? new Set();
  const others = owners.filter((entry) => !isMine(entry));
  const { changed } = live === null ? { changed: new Set<string>() } : differenceOf(live, result);
  refuseConflicts(others, new Set([...changed].filter((path) => set.has(path))), writer);
  const gone = [...mine].filter((path) => !set.has(path) && !others.some((entry) => entry.set.has(path)));
  const pruned = without(result, gone) as KubeObject;
  const entry = entryOf(applied.apiVersion, writer, "Apply", set);
  pruned.metadata.managedFields = toManagedFields([...others, entry], mine, live);
  return pruned;
}

/** The object after a create, an update or a patch: the writer owns what it changed, nobody what it removed. */
export function ownedBy(before: KubeObject | null, after: KubeObject, writer: Writer): KubeObject {
  const { changed, removed } = differenceOf(before ?? ({} as KubeObject), after);
  const isMine = isEntryOf(writer, "Update");
  const owners = ownersOf(before);
  const lost = new Set([...changed, ...removed]);
  const others = owners
    .filter((entry) => !isMine(entry))
    .map((entry) => ({ ...entry, set: new Set([...entry.set].filter((path) => !lost.has(path))) }));
  const kept = [...(owners.find(isMine)?.set ?? [])].filter((path) => !removed.has(path));
  const mine = entryOf(after.apiVersion, writer, "Update", new Set([...kept, ...changed]));
  const copy = structuredClone(after);
  copy.metadata.managedFields = toManagedFields([...others, mine], new Set(kept), before);
  return copy;
}

function entryOf(apiVersion: string, writer: Writer, operation: ManagedFields["operation"], set: Set<string>) {
  const subresource = writer.subresource === undefined ? {} : { subresource: writer.subresource };
  return {
    manager: writer.manager,
    operation,
    apiVersion,
    time: timestamp(),
    fieldsType: "FieldsV1" as const,
    ...subresource,
    set,
  };
}

function toManagedFields(owners: Owners, mineBefore: FieldSet, before: KubeObject | null): ManagedFields[] {
  return owners
    .filter((entry) => entry.set.size > 0)
    .map(({ set, ...entry }, index, all) => {
      const isWriter = index === all.length - 1;
      const old = before?.metadata.managedFields?.find(
        (each) =>
          each.manager === entry.manager &&
          each.operation === entry.operation &&
          each.subresource === entry.subresource,
      );
      // An apply that changes nothing leaves its time alone too.
      const isUnchanged =
        isWriter && old !== undefined && mineBefore.size === set.size && [...set].every((path) => mineBefore.has(path));
      return { ...entry, time: isUnchanged ? (old?.time ?? entry.time) : entry.time, fieldsV1: toFieldsV1(set) };
    });
}

function refuseConflicts(others: Owners, wanted: FieldSet, writer: Writer): void {
  const conflicts = others.flatMap((entry) =>
    [...wanted].filter((path) => entry.set.has(path)).map((path) => ({ entry, path })),
  );
  if (writer.isForced) {
    for (const { entry, path } of conflicts) entry.set.delete(path);
    return;
  }
  if (conflicts.length === 0) return;
  const causes = conflicts.map(({ entry, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with "${entry.manager}"${entry.operation === "Update" ? ` using ${entry.apiVersion}` : ""}`,
    field: printed(path),
  }));
  throw new StatusError(409, "Conflict", conflictMessage(causes), { causes });
}

function conflictMessage(causes: { message: string; field: string }[]): string {
  const [first] = causes;
  if (causes.length === 1) return `Apply failed with 1 conflict: ${first?.message}: ${first?.field}`;
  const byManager = Map.groupBy(causes, ({ message }) => message.replace(/^conflict /, "conflicts "));
  const told = [...byManager].map(([message, each]) =>
    [`${message}:`, ...each.map(({ field }) => `- ${field}`)].join("\n"),
  );
  return `Apply failed with ${causes.length} conflicts: ${told.join("\n")}`;
}
