import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareCalls } from "./comparison.js";
import { FAULTS } from "./faults.js";
import { FUZZ_GROUPS } from "./fuzz.js";
import { NaiveTree } from "./naive-tree.js";

/** Draws the group's calls, as many as a run of the fuzz does, until a tree differs from the naive one. */
function isCaught(group: string, Tree: new () => NaiveTree): boolean {
  const { calls, runs } = FUZZ_GROUPS.find(({ name }) => name === group)!;
  const property = fc.property(calls, (sequence) => compareCalls(sequence, [new Tree()]));
  return fc.check(property, { seed: 1, numRuns: runs, endOnFailure: true }).failed;
}

describe("the fuzz catches a tree that is wrong", () => {
  test.for(FAULTS)("$fault", ({ group, Tree }) => {
    expect(isCaught(group, Tree)).toBe(true);
  });
});

test("the fuzz finds nothing wrong with a tree that is right", () => {
  expect(isCaught("a small alphabet", NaiveTree)).toBe(false);
});
