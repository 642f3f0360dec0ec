import type { PolicyOptions } from "../../routing/index.js";
import { PrefixTree } from "../../tree/index.js";

/** One tree for several routers, with the bounds that their policy's options give. */
export function sharedTree({ maxBytes, maxChars, ttlSecs }: PolicyOptions): PrefixTree {
  return new PrefixTree({
    ...(maxBytes !== undefined && { maxBytes }),
    ...(maxChars !== undefined && Number.isFinite(maxChars) && { maxChars }),
    ...(ttlSecs !== undefined && Number.isFinite(ttlSecs) && { ttlSecs }),
  });
}
