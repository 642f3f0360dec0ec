import type { TreeCore } from "./core.js";

/** What `revokeInsert` needs to know of an insert. */
export interface InsertReceipt {
  /** The number of the insert call. */
  readonly call: number;
  /** How many characters of the text the tenant owned before it. */
  readonly keptChars: number;
  readonly namespace: string | undefined;
}

export const NO_RECEIPT: InsertReceipt = Object.freeze({ call: 0, keptChars: 0, namespace: undefined });

/** Of the insert that the core has just done. */
export function receiptOf(core: TreeCore, namespace: string | undefined): InsertReceipt {
  return { call: core.insert_call() >>> 0, keptChars: core.insert_kept() >>> 0, namespace };
}
