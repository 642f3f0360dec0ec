import { PrefixTree } from "../../../src/index.js";
import { Random } from "../../../src/random/index.js";
import type { Input } from "./input.js";
import { randomText } from "./texts.js";

const SEED = 20_261_124;
const CALLS = 400;
const TENANTS = ["a", "b", "", "__proto__", "日本", "10", "2"];
const NAMESPACES = [undefined, undefined, "model", "\0"];
/** Units of one byte and of two that fill a window of the crossing (16 KiB), so that what follows is on its edge. */
const WINDOW = { narrow: 16_383, wide: 8191 };

/** The same calls give the same bytes in every runtime, and a tree restored from the golden ones gives them again. */
export async function checkSnapshot({ golden }: Input): Promise<void> {
  const expected = Uint8Array.from(atob(golden.snapshot), (character) => character.charCodeAt(0));
  compare("the snapshot", goldenTree().snapshot(), expected);
  compare("the snapshot of the restored tree", PrefixTree.restore(expected).snapshot(), expected);
}

/** A tree that has seen every call which changes one. */
export function goldenTree(): PrefixTree {
  const random = new Random(SEED);
  const tree = new PrefixTree();
  const known: string[] = [];
  tree.addTenants(TENANTS, 1);
  for (let call = 0; call < CALLS; call++) {
    const tenant = TENANTS[random.below(TENANTS.length)]!;
    const namespace = NAMESPACES[random.below(NAMESPACES.length)];
    const earlier = known.length === 0 ? "" : known[random.below(known.length)]!;
    const text = earlier.slice(0, random.below(earlier.length + 1)) + randomText(random, random.below(5));
    known.push(text);
    const timeS = random.below(1_000_000) / 1000;
    switch (random.below(13)) {
      case 0:
        tree.evictTenantByLru(tenant, random.below(20));
        break;
      case 1:
        tree.insertTokens(
          Array.from(text, (character) => character.codePointAt(0)!),
          tenant,
          timeS,
          namespace,
        );
        break;
      case 2:
        tree.revokeInsert(text, tenant, tree.insertRevocable(text, tenant, timeS, namespace));
        break;
      case 3:
        tree.matchThenInsert(text, null, ({ matchedTenants }) => matchedTenants?.[0] ?? null, timeS, namespace);
        break;
      case 4:
        if (random.below(8) === 0) tree.removeTenants([tenant]);
        tree.addTenants([tenant], timeS);
        break;
      case 5:
        if (random.below(8) === 0) tree.sweep({ evictionThreshold: 200, evictionTarget: 150 });
        tree.compact();
        break;
      default:
        tree.insert(text, tenant, timeS, namespace);
    }
  }
  tree.insert(`${"x".repeat(WINDOW.narrow)}😀`, "a", 2000);
  tree.insert(`${"本".repeat(WINDOW.wide)}😁`, "b", 2000);
  return tree;
}

function compare(what: string, got: Uint8Array, expected: Uint8Array): void {
  const length = Math.min(got.length, expected.length);
  let at = 0;
  while (at < length && got[at] === expected[at]) at++;
  if (at === length && got.length === expected.length) return;
  throw new Error(
    `${what} (seed ${SEED}) differs from byte ${at} on: ${got[at]} of ${got.length} bytes, not ${expected[at]} of ${expected.length}`,
  );
}
