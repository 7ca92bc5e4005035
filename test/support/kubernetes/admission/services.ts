/** Services: an address of their own each, and the fields that may not change. */
import { fieldsAt, isFields } from "../api/objects.ts";
import type { Policy } from "../api/registry.ts";
import { resourceOf } from "../api/resources.ts";
import { invalid } from "../api/statuses.ts";
import type { Store } from "../api/store.ts";
import { causeOf, required } from "./names.ts";

export function servicePolicy(store: Store): Policy {
  return {
    applyDefaults(service) {
      const spec = fieldsAt(service, "spec");
      const address = spec["clusterIP"] ?? nextAddress(store);
      const ports = Array.isArray(spec["ports"])
        ? spec["ports"].map((port) => (isFields(port) ? { protocol: "TCP", targetPort: port["port"], ...port } : port))
        : [];
      const fixed = {
        sessionAffinity: "None",
        ipFamilies: ["IPv4"],
        ipFamilyPolicy: "SingleStack",
        internalTrafficPolicy: "Cluster",
      };
      service["spec"] = { type: "ClusterIP", ...fixed, ...spec, ports, clusterIP: address, clusterIPs: [address] };
      service["status"] = { loadBalancer: {} };
    },
    validate(service, before) {
      const spec = fieldsAt(service, "spec");
      const { name } = service.metadata;
      const causes =
        Array.isArray(spec["ports"]) && (spec["ports"].length > 0 || spec["clusterIP"] === "None")
          ? []
          : [required("spec.ports")];
      if (before !== null && fieldsAt(before, "spec")["clusterIP"] !== spec["clusterIP"])
        causes.push(causeOf("spec.clusterIPs[0]", spec["clusterIP"], "field is immutable"));
      if (causes.length > 0) throw invalid(resourceOf("services"), name, causes);
    },
  };
}

function nextAddress(store: Store): string {
  const taken = new Set(store.list(resourceOf("services")).map((service) => fieldsAt(service, "spec")["clusterIP"]));
  for (let host = 1; host < 65_535; host += 1) {
    const address = `10.96.${host >> 8}.${host & 255}`;
    if (!taken.has(address)) return address;
  }
  throw new Error("no address left");
}
