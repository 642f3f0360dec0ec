import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FIGURES } from "../../src/cli/compare/rows.js";
import { simulateCluster, workload } from "../../src/simulator/index.js";

const page = readFileSync(new URL("../../docs/simulation.md", import.meta.url), "utf8");
const command = readFileSync(new URL("../../src/cli/commands/compare.ts", import.meta.url), "utf8");

describe("docs/simulation.md", () => {
  test("names figures that the JSON has", () => {
    const columns = page.slice(page.indexOf("## Columns"), page.indexOf("## The oracle"));
    const named = [...columns.matchAll(/^\|[^|]*\| ([^|]*)\|/gm)].flatMap(([, cell]) => [
      ...cell!.matchAll(/`(\w+)`/g),
    ]);
    const names = named.map(([, name]) => name!).filter((name) => name !== "ratio");
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !Object.hasOwn(FIGURES, name))).toEqual([]);
  });

  test("names options that the command has", () => {
    const flags = new Set([...page.matchAll(/--[a-z]+(?:-[a-z]+)*/g)].map(([flag]) => flag));
    expect(flags.size).toBeGreaterThan(10);
    expect([...flags].filter((flag) => !command.includes(`"${flag} <`) && !command.includes(`"${flag}"`))).toEqual([]);
  });

  test("its example runs", async () => {
    const chats = workload("chat", { seed: 1, requests: 40 });
    const result = await simulateCluster({
      workload: chats,
      policy: "prefix_aware",
      replicas: 4,
      maxOngoingRequests: 20,
      seed: 1,
    });
    expect(result.serving.ttftMs!.p99).toBeGreaterThan(0);
    expect(result.cache.shareOfInfinite).toBeGreaterThan(0.5);
  });
});
