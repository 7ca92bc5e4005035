/**
 * One product for all files of a run that need nothing of their own but an account: started when the first of them asks
 * (test/e2e/support/shared.ts), ended with the run. Its limits on addresses are wide, for everybody here has the same one.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Product, startProduct } from "../e2e/support/product.ts";

export interface OfferedProduct {
  /** A GET is answered with the product's `url` and `dataDirectory`, once it is ready. */
  address: string;
  close(): Promise<void>;
}

const environment = {
  LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "100000",
  LIMIT_CREDENTIAL_FAILURES_PER_MINUTE: "1000",
  LIMIT_CREDENTIAL_ATTEMPTS_PER_ADDRESS_PER_MINUTE: "1000",
  LIMIT_MAILS_PER_ADDRESS_PER_HOUR: "1000",
};

export async function offerSharedProduct(): Promise<OfferedProduct> {
  let starting: Promise<Product> | null = null;
  const server = createServer((_, response) => {
    starting ??= startProduct({ environment });
    starting.then(
      ({ url, dataDirectory }) => response.end(JSON.stringify({ url, dataDirectory })),
      (error: Error) => {
        // Who comes next tries again.
        starting = null;
        response.writeHead(500).end(error.message);
      },
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      const product = await starting?.catch(() => null);
      await product?.stop();
    },
  };
}
