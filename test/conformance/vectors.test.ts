import { describe, expect, test } from "vitest";
import { MAKERS } from "../tree/builds.js";
import { PrefixTreeUnderTest, type TreeUnderTest } from "./adapter.js";
import { NaiveTree } from "./naive-tree.js";
import { readScenarios } from "./recordings.js";
import { replay } from "./scenarios.js";

const scenarios = readScenarios();
const kinds = [...new Set(scenarios.map(({ kind }) => kind))];

const trees: [string, () => TreeUnderTest][] = [
  ["the naive model", () => new NaiveTree()],
  ...MAKERS.map((maker): [string, () => TreeUnderTest] => [
    `the ${maker.build} core`,
    () => new PrefixTreeUnderTest({}, maker),
  ]),
];

test("there are 438 scenarios", () => {
  expect(scenarios).toHaveLength(438);
});

for (const [name, create] of trees) {
  describe(`${name} does what Ray's tree did`, () => {
    test.each(kinds)("%s", async (kind) => {
      for (const scenario of scenarios.filter((each) => each.kind === kind)) {
        expect(await replay(scenario, create()), scenario.id).toEqual([]);
      }
    });
  });
}
