/** What is ours, and what only looks like it. */
import { describe, expect, it } from "vitest";
import type { ClusterObject } from "../../../../bridge/runtime/kubernetes/client/objects.ts";
import { isAdoptable, ownedEnvironment } from "../../../../bridge/runtime/kubernetes/observe/ownership.ts";

const id = "env_0123456789abcdefghij";
const metadata = {
  name: "env-0123456789abcdefghij",
  uid: "u",
  labels: { "devpocket.app/environment": id, "devpocket.app/cluster": "one" },
  managedFields: [{ manager: "devpocket-bridge", operation: "Apply" }],
};
const object = (change: object = {}): ClusterObject => ({ metadata: { ...metadata, ...change } }) as ClusterObject;

describe("ownership", () => {
  it("knows our own", () => {
    expect(ownedEnvironment(object(), "one")).toBe(id);
  });

  it.each([
    [
      "our labels on something of somebody else's",
      { managedFields: [{ manager: "kubectl-edit", operation: "Update" }] },
    ],
    [
      "our labels and manager without an apply",
      { managedFields: [{ manager: "devpocket-bridge", operation: "Update" }] },
    ],
    ["nothing known of who wrote it", { managedFields: null }],
    ["another name", { name: "web" }],
    ["a name that is not of its label", { name: "env-9999999999abcdefghij" }],
    ["another cluster's", { labels: { ...metadata.labels, "devpocket.app/cluster": "two" } }],
    ["no label", { labels: null }],
  ])("takes %s for nothing of ours", (_, change) => {
    expect(ownedEnvironment(object(change), "one")).toBeNull();
  });

  it("takes up again what lost its labels, and nothing of somebody else's that has our name", () => {
    expect(isAdoptable(object({ labels: {} }), "one")).toBe(true);
    expect(isAdoptable(object({ managedFields: [] }), "one")).toBe(false);
    expect(isAdoptable(object({ labels: { "devpocket.app/cluster": "two" } }), "one")).toBe(false);
  });
});
