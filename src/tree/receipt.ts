import { LAST_CALL, LAST_KEPT } from "./core.js";

/** What `revokeInsert` needs to know of an insert. */
export interface InsertReceipt {
  /** The number of the insert call. */
  readonly call: number;
  /** How many characters of the text the tenant owned before it. */
  readonly keptChars: number;
  readonly namespace: string | undefined;
}

export const NO_RECEIPT: InsertReceipt = Object.freeze({ call: 0, keptChars: 0, namespace: undefined });

/** Of the insert that the core has just done; `words` is its memory. */
export function receiptOf(words: Uint32Array, namespace: string | undefined): InsertReceipt {
  return { call: words[LAST_CALL]!, keptChars: words[LAST_KEPT]!, namespace };
}
