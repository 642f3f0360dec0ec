import { describe, expect, test } from "vitest";
import { CORES, coreTree, naiveTree, type TreeUnderTest } from "./adapter.js";
import { readScenarios, replay } from "./scenarios.js";

const scenarios = readScenarios();
const kinds = [...new Set(scenarios.map(({ kind }) => kind))];

test("there are 438 scenarios", () => {
  expect(scenarios).toHaveLength(438);
});

const trees: [string, () => TreeUnderTest][] = [
  ["the naive model", naiveTree],
  ...CORES.map(([build, module]): [string, () => TreeUnderTest] => [`the ${build} core`, () => coreTree(module)]),
];

for (const [name, create] of trees) {
  describe(`${name} does what Ray's tree did`, () => {
    test.each(kinds)("%s", (kind) => {
      for (const scenario of scenarios.filter((each) => each.kind === kind)) {
        expect(replay(scenario, create()), scenario.id).toEqual([]);
      }
    });
  });
}
