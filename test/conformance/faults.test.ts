import { describe, expect, test } from "vitest";
import fc from "../properties.js";
import { RELEASE } from "../tree/maker.js";
import { type Bounds, PrefixTreeUnderTest, SPOILED, type TreeUnderTest } from "./adapter.js";
import { BOUND_FAULTS } from "./bound-faults.js";
import { compareCalls } from "./comparison.js";
import { FAULTS } from "./faults.js";
import { FUZZ_GROUPS } from "./fuzz.js";
import { NaiveTree } from "./naive-tree.js";

/** Draws the group's calls, as many as a run of the fuzz does, until a tree differs from the naive one. */
function isCaught(group: string, makeTree: (bounds: Bounds) => TreeUnderTest): boolean {
  const { calls, runs } = FUZZ_GROUPS.find(({ name }) => name === group)!;
  const property = fc.property(calls, (sequence) => {
    compareCalls(sequence, [makeTree]);
  });
  return fc.check(property, { seed: 1, numRuns: runs, endOnFailure: true }).failed;
}

describe("the fuzz catches a tree that is wrong", () => {
  test.for([...FAULTS, ...BOUND_FAULTS])("$fault", ({ group, Tree }) => {
    expect(isCaught(group, (bounds) => new Tree(bounds))).toBe(true);
  });
});

describe("the fuzz catches the core when it is spoiled", () => {
  test.for(Object.keys(SPOILED))("%s", (spoiled) => {
    expect(isCaught("few distinct times", (bounds) => new PrefixTreeUnderTest(bounds, RELEASE, spoiled))).toBe(true);
  });
});

test("the fuzz finds nothing wrong with a tree that is right", () => {
  expect(isCaught("a small alphabet", (bounds) => new NaiveTree(bounds))).toBe(false);
});
