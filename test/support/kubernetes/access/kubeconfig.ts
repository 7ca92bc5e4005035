/** A kubeconfig for one cluster, one user, one context. */
import { stringify } from "yaml";
import type { ClientCertificate } from "./certificates.ts";

export interface KubeconfigParts {
  url: string;
  ca: string;
  /** What somebody shows: a certificate instead of the token, where there is one. */
  token: string;
  certificate?: ClientCertificate;
  namespace?: string;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

export function kubeconfigText(of: KubeconfigParts): string {
  const { certificate } = of;
  const user =
    certificate === undefined
      ? { token: of.token }
      : { "client-certificate-data": base64(certificate.cert), "client-key-data": base64(certificate.key) };
  const context = { cluster: "fake", user: "fake", ...(of.namespace === undefined ? {} : { namespace: of.namespace }) };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "fake",
        cluster: { server: of.url, "certificate-authority-data": base64(of.ca) },
      },
    ],
    users: [{ name: "fake", user }],
    contexts: [{ name: "fake", context }],
    "current-context": "fake",
  });
}
