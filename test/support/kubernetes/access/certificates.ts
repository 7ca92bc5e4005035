/** A certificate authority, a server's certificate for 127.0.0.1 and an administrator's, made anew for each cluster. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Certificates {
  ca: string;
  cert: string;
  key: string;
  /** Of somebody who may do everything, as an installer's own kubeconfig has it. */
  admin: ClientCertificate;
}

export interface ClientCertificate {
  cert: string;
  key: string;
}

const run = promisify(execFile);
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];

/** Makes them in the directory with openssl, in some 30 ms. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const at = (name: string) => join(directory, name);
  await run("openssl", [
    "req",
    "-x509",
    ...newKey,
    "-subj",
    "/CN=fake-cluster-ca",
    "-keyout",
    at("ca.key"),
    "-out",
    at("ca.crt"),
  ]);
  const [server, admin] = [
    await sign(
      at,
      "server",
      "/CN=kube-apiserver",
      "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n",
    ),
    await sign(at, "admin", "/O=system:masters/CN=kubernetes-admin", "extendedKeyUsage=clientAuth\n"),
  ];
  return { ca: await readFile(at("ca.crt"), "utf8"), ...server, admin };
}

async function sign(
  at: (name: string) => string,
  name: string,
  subject: string,
  use: string,
): Promise<ClientCertificate> {
  const [key, request, extensions, cert] = [at(`${name}.key`), at(`${name}.csr`), at(`${name}.ext`), at(`${name}.crt`)];
  await run("openssl", ["req", ...newKey.slice(0, -2), "-subj", subject, "-keyout", key, "-out", request]);
  await writeFile(extensions, use);
  const options = ["x509", "-req", "-days", "2", "-CAcreateserial", "-extfile", extensions, "-in", request];
  await run("openssl", [...options, "-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-out", cert]);
  return { cert: await readFile(cert, "utf8"), key: await readFile(key, "utf8") };
}
