/** A certificate authority and a server's certificate for 127.0.0.1, made anew for each cluster. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Certificates {
  ca: string;
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
  const request = ["req", ...newKey.slice(0, -2), "-subj", "/CN=kube-apiserver"];
  await run("openssl", [...request, "-keyout", at("server.key"), "-out", at("server.csr")]);
  await writeFile(at("server.ext"), "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n");
  const sign = ["x509", "-req", "-days", "2", "-CAcreateserial", "-extfile", at("server.ext"), "-in", at("server.csr")];
  await run("openssl", [...sign, "-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-out", at("server.crt")]);
  const [ca, cert, key] = await Promise.all(
    ["ca.crt", "server.crt", "server.key"].map((name) => readFile(at(name), "utf8")),
  );
  return { ca: ca ?? "", cert: cert ?? "", key: key ?? "" };
}
