import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { StrategyFigures } from "../../../bench/headline/figures.js";
import { headline } from "../../../bench/headline/headline.js";
import { POLICIES } from "../../../src/index.js";
import { folder } from "../serving/support.js";

test("npm run headline -- --quick --skip-sockets runs every policy and writes results, pictures and a report", async () => {
  const out = folder();
  expect(await headline({ out, quick: true, sockets: false }, "npm run headline -- --quick")).toBe(0);
  expect(readdirSync(out).sort()).toEqual([
    "comparison-all.svg",
    "comparison-dark.png",
    "comparison.png",
    "comparison.svg",
    "headline.json",
    "headline.md",
    "virtual",
  ]);

  const json = readFileSync(join(out, "headline.json"), "utf8");
  const results = JSON.parse(json) as { virtual: StrategyFigures[] };
  expect(results).toMatchObject({
    command: "npm run headline -- --quick",
    simulated: true,
    note: expect.stringContaining("simulated"),
    machine: `${process.platform} ${process.arch}`,
    node: `Node ${process.version}`,
    sockets: null,
  });
  const named = results.virtual.map(({ policy }) => policy.replace(/:.*/, ""));
  for (const policy of [...Object.keys(POLICIES), "oracle"]) expect(named).toContain(policy);
  for (const { runs, completed } of results.virtual) expect([runs, completed]).toEqual([2, 120]);
  const of = (strategy: string) => results.virtual.find((each) => each.strategy === strategy)!;
  expect(of("prefix_aware_threshold_10").policy).toBe("prefix_aware:doEviction=true:imbalancedThreshold=10");
  expect(of("prefix_aware").figures.cache_hit_rate.mean).toBeGreaterThan(of("pow_of_2").figures.cache_hit_rate.mean);
  expect(of("prefix_aware").figures.mean_ttft_ms.ratio.mean).toBeLessThan(1);

  const text = readFileSync(join(out, "headline.md"), "utf8");
  const row = text.split("\n").find((line) => line.startsWith("| prefix_aware |"))!;
  expect(row).toContain(` ${of("prefix_aware").figures.mean_ttft_ms.ratio.mean.toFixed(2)} ± `);
  expect(text).toContain("60 prompts");
  expect(text).toMatch(/The GPUs are simulated/);
  expect(text).toMatch(/the reference's run, 4 × L4 \| 17\.7 \|/);
  const svg = readFileSync(join(out, "comparison.svg"), "utf8");
  expect(svg).toContain("simulated GPUs");
  expect(svg).toContain("prefers-color-scheme");
  expect(readFileSync(join(out, "comparison-all.svg"), "utf8")).toContain("oracle");
  expect(readFileSync(join(out, "virtual", "report.html"), "utf8")).toContain("in virtual time");
  expect(existsSync(join(out, "sockets"))).toBe(false);
  for (const file of [json, text]) expect(file).not.toContain(out);
}, 300_000);
