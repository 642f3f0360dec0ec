import { deepStrictEqual } from "node:assert";
import { generator } from "../generator.js";
import { type Alphabet, chatTexts } from "../texts.js";
import type { Peer } from "./peer.js";
import { warmroute } from "./warmroute.js";

const TENANTS = ["a", "b", "c"];
const TEXTS = 200;

/**
 * Calls the peer and the package in the same way and throws where they answer differently: figures of a tree that does
 * something else would say nothing.
 */
export function checkAgreement(peer: Peer): void {
  for (const alphabet of ["ascii", "cjk"] as const) follow(peer, alphabet);
}

function follow(peer: Peer, alphabet: Alphabet): void {
  const random = generator(1);
  const trees = [warmroute.create(TENANTS), peer.create(TENANTS)];
  const pick = () => TENANTS[Math.floor(random() * TENANTS.length)]!;
  const same = (what: string, answers: unknown[]) => {
    deepStrictEqual(answers[1], answers[0], `${what} of ${alphabet} texts differs from the package's`);
  };
  chatTexts(TEXTS, 1, alphabet).forEach((text, i) => {
    const part = text.slice(0, Math.ceil(random() * text.length));
    const [owner, evicted, candidates] = [pick(), pick(), [pick(), pick()]];
    const least = Math.floor(random() * 3000);
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
