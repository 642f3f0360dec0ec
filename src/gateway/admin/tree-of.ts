import { RequestError } from "../../protocol/index.js";
import type { PrefixTree } from "../../tree/index.js";
import type { Fleet } from "../fleet.js";

/** @throws RequestError 409 for a policy without a tree. */
export function treeOf({ router }: Fleet): PrefixTree {
  if (router.tree !== null) return router.tree;
  throw new RequestError(409, `The policy ${router.policy} has no tree.`, { code: "no_tree" });
}
