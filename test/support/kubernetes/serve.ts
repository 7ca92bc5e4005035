/**
 * `npm run fake-cluster -- KUBECONFIG [local [COUNT]]`: a fake cluster until it is told to end, and its kubeconfig in that file. With
 * `local` its default class has one local volume, or so many, that are kept, no way out for images, no metrics, and its
 * kubeconfig a certificate.
 */
import { rmSync, writeFileSync } from "node:fs";
import { standardClass, startFakeCluster } from "./cluster.ts";

const [path, kind, count = "1"] = process.argv.slice(2);
if (path === undefined || (kind !== undefined && kind !== "local") || !/^\d{1,3}$/.test(count)) {
  console.error("usage: npm run fake-cluster -- KUBECONFIG [local [COUNT]]");
  process.exit(2);
}
const localClass = {
  name: "local",
  isDefault: true,
  waitsForConsumer: true,
  staticVolumes: Number(count),
  reclaimPolicy: "Retain" as const,
};
const cluster = await startFakeCluster({ storageClasses: [kind === "local" ? localClass : standardClass] });
if (kind === "local") {
  cluster.images.setOffline(true);
  cluster.metrics.state = "not installed";
}
const certificate = kind === "local" ? { certificate: cluster.adminCertificate } : {};
writeFileSync(path, cluster.kubeconfig(certificate), { mode: 0o600 });
console.log(`${cluster.url}, kubeconfig in ${path}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    rmSync(path, { force: true });
    await cluster.close();
    process.exit(0);
  });
}
