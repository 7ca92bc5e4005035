/** The policies by what they let through: addresses are matched as a network would match them. */
import { BlockList } from "node:net";
import { describe, expect, it } from "vitest";
import { networkPolicies } from "../../../../bridge/runtime/kubernetes/manifests/network-policies.ts";
import { defaultSettings } from "../../../../bridge/runtime/kubernetes/manifests/settings.ts";

const policies = networkPolicies(defaultSettings);
const rules = policies.flatMap((policy) => policy.spec?.egress ?? []);
const blocks = rules.filter((rule) => rule.ports === undefined).flatMap((rule) => rule.to ?? []);

function listOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = "", bits] = cidr.split("/");
    list.addSubnet(address, Number(bits), address.includes(":") ? "ipv6" : "ipv4");
  }
  return list;
}

/** Whether any rule lets traffic to this address out, on a port other than DNS's. */
function isLetOut(address: string): boolean {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  return blocks.some(({ ipBlock }) => {
    if (ipBlock === undefined || ipBlock.cidr.includes(":") !== (family === "ipv6")) return false;
    return listOf([ipBlock.cidr]).check(address, family) && !listOf(ipBlock.except ?? []).check(address, family);
  });
}

describe("the network policies of environments", () => {
  it.each(["1.1.1.1", "140.82.121.4", "172.15.255.255", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::200e"])(
    "let out to %s",
    (address) => expect(isLetOut(address)).toBe(true),
  );

  it.each([
    ...["10.0.0.1", "10.96.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "127.0.0.1", "0.0.0.0"],
    ...["169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "224.0.0.1", "255.255.255.255"],
    ...["::1", "::", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "fd12:3456::1"],
    ...["64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::10.0.0.1"],
  ])("do not let out to %s", (address) => expect(isLetOut(address)).toBe(false));

  it("let names be resolved by the cluster's own DNS, on its port only", () => {
    const dns = rules.filter((rule) => rule.ports !== undefined);
    expect(dns).toHaveLength(1);
    expect(dns[0]?.ports).toEqual([
      { port: 53, protocol: "UDP" },
      { port: 53, protocol: "TCP" },
    ]);
  });

  it("let nobody in", () => {
    expect(policies.flatMap((policy) => policy.spec?.ingress ?? [])).toEqual([]);
    expect(policies.some((policy) => policy.spec?.policyTypes?.includes("Ingress"))).toBe(true);
  });
});
