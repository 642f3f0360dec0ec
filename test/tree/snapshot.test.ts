import { describe, expect, test } from "vitest";
import { treeModule } from "#wasm";
import { instantiateCore } from "../../src/tree/core.js";
import { type Eviction, PrefixTree, SnapshotError } from "../../src/tree/index.js";
import { checksum } from "../../src/tree/snapshot-format.js";
import fc from "../properties.js";
import { checkInvariants } from "./invariants.js";

const call = fc.record({
  kind: fc.constantFrom("insert", "insert", "insert", "insert", "tokens", "evict", "remove", "add"),
  text: fc
    .array(fc.constantFrom("a", "b", "shared ", "é", "日本", "😀", "😁", "\ud83d", "\ude00"), { maxLength: 12 })
    .map((parts) => parts.join("")),
  long: fc.constantFrom(0, 0, 0, 9000, 17_000),
  tenant: fc.nat({ max: 5 }),
  timeS: fc.double({ noNaN: true, noDefaultInfinity: true }),
  namespace: fc.constantFrom(undefined, undefined, "m", "\0", "\ud800"),
});
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

const names = ["a", "", "__proto__", "日本", "10", "2"];

function make(calls: readonly Call[], tree = new PrefixTree()): PrefixTree {
  tree.addTenants(names.slice(0, 4), 1);
  for (const one of calls) perform(tree, one);
  return tree;
}

function perform(tree: PrefixTree, { kind, text, long, tenant, timeS, namespace }: Call): void {
  const name = names[tenant]!;
  if (kind === "insert") tree.insert(text + (text.includes("日") ? "本" : "x").repeat(long), name, timeS, namespace);
  else if (kind === "tokens")
    tree.insertTokens(
      [...text].map((part) => part.codePointAt(0)!),
      name,
      timeS,
      namespace,
    );
  else if (kind === "evict") tree.evictTenantByLru(name, text.length);
  else if (kind === "remove") tree.removeTenants([name]);
  else tree.addTenants([name], timeS);
}

function stateOf(tree: PrefixTree): unknown {
  const { nodes, recency } = tree.inspect();
  return [nodes.map((node) => ({ ...node, times: [...node.times] })), [...recency], [...tree.tenantToCharCount]];
}

/** The bytes with a checksum that fits them, so that only what they say can be wrong. */
function summed(bytes: Uint8Array): Uint8Array {
  const core = instantiateCore(treeModule(), 16, 0);
  const [low, high] = checksum(core, bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(24, low, true);
  view.setUint32(28, high, true);
  return bytes;
}

const calls = fc.array(call, { minLength: 1, maxLength: 40, size: "max" });

describe("a restored tree", () => {
  test("shows what the other showed, gives the same snapshot, and goes on in the same way", () => {
    fc.assert(
      fc.property(calls, calls, (before, after) => {
        const tree = make(before);
        const bytes = tree.snapshot();
        const restored = PrefixTree.restore(bytes);
        expect(stateOf(restored)).toEqual(stateOf(tree));
        expect(Buffer.from(restored.snapshot()).equals(bytes)).toBe(true);
        for (const one of after) {
          perform(tree, one);
          perform(restored, one);
        }
        expect(stateOf(restored)).toEqual(stateOf(tree));
        checkInvariants(restored);
      }),
      { numRuns: 150 },
    );
  });

  test("has the oldest insert left out first where there is less room, and says so", () => {
    const tree = new PrefixTree();
    tree.addTenants(["a", "b"], 0);
    const long = (i: number) => `${String.fromCharCode(65 + i)} ${"x".repeat(20_000)}`;
    for (let i = 0; i < 20; i++) tree.insert(long(i), i % 2 ? "b" : "a", i);
    const gone: Eviction[] = [];
    const restored = PrefixTree.restore(tree.snapshot(), { maxBytes: 3 * 65536, onEvict: (one) => gone.push(one) });
    expect(gone.length).toBeGreaterThan(10);
    expect(gone).toEqual(
      gone.map((_, i) => ({ tenant: i % 2 ? "b" : "a", chars: long(i).length, reason: "pressure" })),
    );
    expect(restored.stats()).toMatchObject({ pressureEvictions: gone.length, chars: tree.stats().chars - sum(gone) });
    expect(restored.prefixMatch(long(19)).matchedText).toBe(long(19));
    checkInvariants(restored);
    const few = PrefixTree.restore(tree.snapshot(), { maxChars: 50_000 });
    expect(few.stats().chars).toBe(2 * long(19).length);
  });

  test("of no tenants, and of tenants that own nothing", () => {
    const tree = new PrefixTree();
    expect(stateOf(PrefixTree.restore(tree.snapshot()))).toEqual(stateOf(tree));
    tree.addTenants(
      Array.from({ length: 1000 }, (_, i) => `${i}`),
      -0,
    );
    expect(stateOf(PrefixTree.restore(tree.snapshot()))).toEqual(stateOf(tree));
  });
});

function sum(evictions: readonly Eviction[]): number {
  return evictions.reduce((total, { chars }) => total + chars, 0);
}

describe("what is no snapshot is refused, and never a trap or a hang", () => {
  const sample = make([
    { kind: "insert", text: "shared a", long: 0, tenant: 0, timeS: 1, namespace: undefined },
    { kind: "insert", text: "shared 日本😀", long: 9000, tenant: 1, timeS: 2, namespace: undefined },
    { kind: "insert", text: "shared b", long: 17_000, tenant: 0, timeS: 3, namespace: "m" },
    { kind: "tokens", text: "abc", long: 0, tenant: 2, timeS: 3, namespace: undefined },
  ]).snapshot();

  test("cut off anywhere", () => {
    for (let length = 0; length < sample.length; length += length < 400 ? 1 : 977) {
      expect(() => PrefixTree.restore(sample.slice(0, length))).toThrow(SnapshotError);
    }
  });

  test("with any bit of its sums, sizes and records flipped", () => {
    for (let at = 0; at < 400; at++) {
      const bytes = sample.slice();
      bytes[at]! ^= 1 << (at % 8);
      expect(() => PrefixTree.restore(bytes), `byte ${at}`).toThrow(SnapshotError);
    }
  });

  test("changed anywhere, with a checksum that fits: either a whole tree or an error", () => {
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: sample.length - 33 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (changes, inRecords) => {
          const bytes = sample.slice();
          for (const [at, value] of changes) bytes[32 + (inRecords ? at % 400 : at)] = value;
          let tree: PrefixTree;
          try {
            tree = PrefixTree.restore(summed(bytes));
          } catch (error) {
            if (!(error instanceof SnapshotError)) throw error;
            refused++;
            return;
          }
          checkInvariants(tree);
          tree.removeTenants(tree.tenantToCharCount.keys());
          expect(tree.stats()).toMatchObject({ nodes: 1, entries: 0 });
        },
      ),
      { numRuns: 1500 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  test.each([
    ["something else", new TextEncoder().encode("x".repeat(100)), "it does not begin as one"],
    ["nothing", new Uint8Array(0), "0 bytes are fewer than its header has"],
    ["an earlier version", withByte(8, 1), "its version is 1, and this is 2"],
    ["a later version", withByte(8, 3), "its version is 3, and this is 2"],
    ["more bytes than it says", new Uint8Array([...sample, 0]), "and there are"],
  ])("%s", (_name, bytes, message) => {
    expect(() => PrefixTree.restore(bytes)).toThrow(message);
  });

  test.each([2 ** 31, 2 ** 32 - 1])("with a node of %d units", (units) => {
    const tree = new PrefixTree();
    tree.addTenants(["a"], 0);
    tree.insert("語", "a", 0);
    const bytes = tree.snapshot();
    // The node's row follows the header of 56 bytes and the tenant's 24.
    const view = new DataView(bytes.buffer);
    expect([0, 4, 8, 12].map((at) => view.getUint32(80 + at, true))).toEqual([0, 0, 1, 2]);
    view.setUint32(88, units, true);
    expect(() => PrefixTree.restore(summed(bytes))).toThrow("too soon");
  });

  test.each([2, 2 ** 31])("with an insert of number %d, where the last is 1", (call) => {
    const tree = new PrefixTree();
    tree.addTenants(["a"], 0);
    tree.insert("a", "a", 0);
    const bytes = tree.snapshot();
    const view = new DataView(bytes.buffer);
    expect(view.getUint32(100, true)).toBe(1);
    view.setUint32(100, call, true);
    expect(() => PrefixTree.restore(summed(bytes))).toThrow(`insert ${call} after the last, 1`);
  });

  test("what is no Uint8Array is a TypeError", () => {
    expect(() => PrefixTree.restore("warmtree" as never)).toThrow('bytes must be a Uint8Array, not "warmtree"');
  });

  function withByte(at: number, value: number): Uint8Array {
    const bytes = sample.slice();
    bytes[at] = value;
    return bytes;
  }
});
