import { describe, expect, test } from "vitest";
import { verdict } from "../../bench/operations/check/goal.js";
import { markdown } from "../../bench/operations/report/markdown.js";
import { putIntoReadme } from "../../bench/operations/report/readme.js";
import type { Results } from "../../bench/operations/report/results.js";
import { plotOperationBenchmark, toSvg } from "../../bench/plots/index.js";

const goal = { what: "", unit: "µs", figures: "" } as const;
const figure = { operation: "insert, new text", p50Us: 2, p99Us: 4, meanUs: 2.5, samples: 9 } as const;
const results: Results = {
  command: "npm run bench",
  date: "2026-01-02T03:04:05.000Z",
  machine: { cpu: "a CPU", cores: 2, os: "an OS", node: "v20" },
  seed: 1,
  timeMs: 10,
  tenants: 4,
  workloads: [100, 2000].map((texts) => ({
    workload: "chat",
    texts,
    meanCharacters: 7000,
    distinctCharacters: 1_000_000,
    peers: [
      { peer: "warmroute", figures: [figure], memoryBytes: 1_200_000 },
      { peer: "other", figures: [{ ...figure, p50Us: 5 * (texts / 100) }], memoryBytes: null },
    ],
  })),
  absent: [{ peer: "ray", why: "no Python", howToGet: "install it" }],
  failed: [{ peer: "smg", workload: "chat", texts: 100, error: "it fell" }],
};

describe("a goal", () => {
  test.each([
    ["pass", 1, 1],
    ["near", 1.2, 1],
    ["miss", 1.21, 1],
    ["miss", Number.NaN, 1],
    ["", 5, null],
  ] as const)("%s: %d of at most %d", (expected, measured, limit) => {
    expect(verdict({ ...goal, measured, limit })).toBe(expected);
  });

  test("that is a least", () => {
    expect(verdict({ ...goal, measured: 1.1, limit: 1, atLeast: true })).toBe("pass");
    expect(verdict({ ...goal, measured: 0.9, limit: 1, atLeast: true })).toBe("near");
    expect(verdict({ ...goal, measured: 0.8, limit: 1, atLeast: true })).toBe("miss");
  });
});

describe("a report", () => {
  test("has the figures of each peer, their ratio to ours, and who is absent", () => {
    const report = markdown(results);
    expect(report).toContain("| **warmroute** | 2 / 4            | 1.2 MB, 1.2 |");
    expect(report).toContain("| other         | 100 / 4 (50 ×)   | –           |");
    expect(report).toContain("Absent: ray (no Python). To get it: install it.");
    expect(report).toContain("Failed: smg with 100 texts of chat: it fell.");
  });

  test("is put between the marks of a README, and again", () => {
    const once = putIntoReadme(
      "before\n<!-- operations -->\nold\n<!-- /operations -->\nafter",
      results,
      "bench/results",
    );
    expect(once).toMatch(
      /^before\n<!-- operations -->\n\n!\[.*\]\(bench\/results\/operations-chat\.svg\)[\s\S]*2,000 texts[\s\S]*after$/,
    );
    expect(putIntoReadme(once, results, "bench/results")).toBe(once);
    expect(() => putIntoReadme("no marks", results, "")).toThrow(/has no <!-- operations -->/);
  });

  test("has a chart with a line a peer", async () => {
    const svg = await toSvg(plotOperationBenchmark({ file: results }), "auto");
    for (const peer of ["warmroute", "other"]) expect(svg).toContain(`>${peer}</text>`);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});
