import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { warmroute } from "./support.js";

const SMALL = [
  "compare",
  "--seeds",
  "2",
  "--requests",
  "60",
  "--policy",
  "pow_of_2,prefix_aware:imbalancedThreshold=10,oracle",
];

interface Report {
  readonly rows: readonly {
    policy: string;
    seeds: number;
    figures: Record<string, { mean: number; half: number; ratio: { mean: number } | null } | null>;
  }[];
  readonly reference?: readonly { policy: string; figures: readonly { name: string; within: boolean | null }[] }[];
  readonly runs?: readonly { results: readonly object[] }[];
}

async function json(...args: string[]): Promise<Report> {
  const run = warmroute(...SMALL, "--json", ...args);
  expect([await run.exit, run.errors()]).toEqual([0, expect.any(String)]);
  return JSON.parse(run.lines.join("\n")) as Report;
}

describe("warmroute compare", () => {
  test("prints a row a policy, with intervals over the seeds and ratios to pow_of_2", async () => {
    const { rows, runs } = await json("--workload", "chat", "--runs", "--quiet");
    expect(rows.map(({ policy }) => policy)).toEqual(["pow_of_2", "prefix_aware:imbalancedThreshold=10", "oracle"]);
    for (const { seeds, figures } of rows) {
      expect(seeds).toBe(2);
      expect(figures.ttftMeanMs!.mean).toBeGreaterThan(40);
      expect(figures.ttftMeanMs!.half).toBeGreaterThanOrEqual(0);
    }
    expect(rows[0]!.figures.ttftMeanMs!.ratio!.mean).toBe(1);
    expect(rows[1]!.figures.ttftMeanMs!.ratio!.mean).toBeLessThan(1);
    expect(rows[0]!.figures.predictionP95).toBeNull();
    expect(runs!.map(({ results }) => results.length)).toEqual([2, 2, 2]);
  });

  test("gives the same JSON for the same command", async () => {
    expect(await json("--quiet")).toEqual(await json("--quiet"));
  });

  test("shows the reference's own figures beside those of its workload, and says what was fitted", async () => {
    const run = warmroute(
      "compare",
      "--seeds",
      "2",
      "--requests",
      "60",
      "--policy",
      "pow_of_2,prefix_aware:doEviction=true",
    );
    expect(await run.exit).toBe(0);
    const printed = run.lines.join("\n");
    expect(printed).toMatch(/^requests 1\/s +17\.71 /m);
    expect(printed).toMatch(/^TTFT mean ms +136\.2 /m);
    expect(printed).toContain("Fitted to the reference's prefix-aware run");
    expect(printed).toContain("simulated; mean ± 95 % of 2 seeds");
    // Progress goes to stderr, one line a policy where there is no terminal.
    expect(run.errors().trim().split("\n")).toHaveLength(2);
  });

  test("writes the result and its tables to files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "warmroute-compare-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const out = join(folder, "result.json");
    const printed = await json("--quiet", "--out", out);
    expect(JSON.parse(readFileSync(out, "utf8"))).toEqual(printed);
    expect(readFileSync(join(folder, "result.md"), "utf8")).toMatch(/^\| policy \| req\/s \|/m);
  });

  test("stopped by SIGINT, it prints what is done", async () => {
    const run = warmroute(
      "compare",
      "--workload",
      "chat",
      "--seeds",
      "500",
      "--requests",
      "100",
      "--policy",
      "pow_of_2,random",
    );
    await new Promise((resolve) => run.child.stderr!.once("data", resolve));
    // The first run may not be over yet: then nothing is printed, which is as right.
    run.child.kill("SIGINT");
    expect(await run.exit).toBe(2);
    expect(run.errors()).toMatch(/stopped by SIGINT: \d+ of 1000 runs are done/);
  });

  test.each([
    [["--policy", "pow_of_2,pow_of_3"], "Allowed are round_robin, random,"],
    [["--policy", "prefix_aware:imbalancedThreshold=-1"], "imbalancedThreshold must be 0 or more, not -1"],
    [["--policy", "pow_of_2:imbalancedThreshold"], "After a name comes option=value"],
    [["--profile", "h200"], "profile must be one of l4-qwen2.5-1.5b"],
    [["--profile", "l4-qwen2.5-1.5b:stepMs=-1"], "profile.stepMs must be 0 ms or more"],
    [["--profile", "l4-qwen2.5-1.5b:stepS=1"], "has no figure stepS; there are name, stepMs"],
    [["--workload", "sharegtp"], "workload must be reference, chat"],
    [["--workload", "chat", "--param", "turn=3"], "chat has no parameter turn"],
    [["--cache", "huge"], "It must be profile, ample, tight, or a number of blocks."],
    [["--client", "open"], "needs either rate or load"],
    [["--client", "trace"], 'client "trace" needs times'],
    [["--seeds", "0"], "It must be a whole number, 1 or more."],
  ])("refuses %j", async (args, message) => {
    const run = warmroute("compare", "--requests", "20", "--quiet", ...args);
    expect(await run.exit).toBe(2);
    expect(run.errors()).toContain(message);
    expect(run.errors().trim().split("\n")).toHaveLength(1);
    expect(run.lines).toEqual([]);
  });
});
