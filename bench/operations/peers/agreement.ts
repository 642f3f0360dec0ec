import { deepStrictEqual } from "node:assert";
import { Random } from "../../../src/random/index.js";
import { textsOf } from "../workloads/index.js";
import type { Peer } from "./peer.js";
import { warmroute } from "./warmroute.js";

const TENANTS = ["a", "b", "c"];
const TEXTS = 200;

/**
 * Calls the peer and the package in the same way and throws where they answer differently: figures of a tree that does
 * something else would say nothing.
 */
export function checkAgreement(peer: Peer): void {
  for (const workload of ["chat", "cjk"]) follow(peer, workload);
}

function follow(peer: Peer, workload: string): void {
  const random = new Random(1);
  const trees = [warmroute.create(TENANTS), peer.create(TENANTS)];
  const pick = () => TENANTS[random.below(TENANTS.length)]!;
  const same = (what: string, answers: unknown[]) => {
    deepStrictEqual(answers[1], answers[0], `${what} of ${workload} texts differs from the package's`);
  };
  textsOf(workload, TEXTS, 1).forEach((text, i) => {
    const part = text.slice(0, 1 + random.below(text.length));
    const [owner, evicted, candidates] = [pick(), pick(), [pick(), pick()]];
    const least = random.below(3000);
    for (const tree of trees) tree.insert(i % 3 === 0 ? part : text, owner, i);
    same(
      "prefixMatch",
      trees.map((tree) => tree.prefixMatch(text)),
    );
    same(
      "prefixMatch among tenants",
      trees.map((tree) => tree.prefixMatchAmong?.(`${part}#`, candidates)),
    );
    if (i % 5 !== 0) return;
    same(
      "evictTenantByLru",
      trees.map((tree) => tree.evictTenantByLru?.(evicted, least)),
    );
  });
}
