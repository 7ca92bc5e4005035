/** The floor of files: a plain HTTP server on Node that writes what is put into a file and pipes it back, nothing else. */
import { createReadStream, createWriteStream } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";

const [path = ""] = process.argv.slice(2);
const server = createServer(async (request, response) => {
  if (request.method === "PUT") await pipeline(request, createWriteStream(path, { flush: true }));
  else await pipeline(createReadStream(path), response);
  response.end();
});
server.listen(0, "127.0.0.1", () => {
  console.log(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.stdin.on("end", () => process.exit(0)).resume();
