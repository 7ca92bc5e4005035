/** The product that the files of a run share: for those that neither kill nor configure it, and look at their own rows only. */
import { inject } from "vitest";
import type { Product } from "./product.ts";

export type SharedProduct = Pick<Product, "url" | "dataDirectory">;

/** Waits until it is ready. It outlives the caller, who leaves it as it is. */
export async function sharedProduct(): Promise<SharedProduct> {
  const response = await fetch(inject("sharedProduct"));
  if (!response.ok) throw new Error(`the shared product did not start: ${await response.text()}`);
  return (await response.json()) as SharedProduct;
}
