/** The address under which other machines of the network reach this one, and how it is shown. */
import { networkInterfaces } from "node:os";
import qrcode from "qrcode-terminal";
import { StartFailure } from "./options.ts";
import { say } from "./output.ts";

/** The first IPv4 address that is not the loopback; names no interface of containers if there is another. */
export function lanAddress(): string {
  const entries = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter(({ family, internal }) => family === "IPv4" && !internal)
      .map(({ address }) => ({ name, address })),
  );
  const isVirtual = (name: string) => /^(docker|br-|veth|virbr|tun|tap)/.test(name);
  const found = entries.find(({ name }) => !isVirtual(name)) ?? entries[0];
  if (found === undefined) throw new StartFailure("this machine has no address in a network: start without --lan");
  return found.address;
}

export function showAddress(url: string): void {
  qrcode.generate(url, { small: true }, say);
  say(`on the network: ${url}`);
}
