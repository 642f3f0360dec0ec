import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sweepReport } from "../../../bench/plots/index.js";
import { readSweepFolder } from "../../../bench/plots/report/folder.js";
import { fixture, SERVE } from "./support.js";

const scratch = mkdtempSync(join(tmpdir(), "warmroute-report-"));
afterAll(() => rmSync(scratch, { recursive: true }));

describe("a report", () => {
  let html: string;
  let missing: string[];
  beforeAll(async () => {
    const folder = join(scratch, "sweep");
    cpSync(fixture("sweep"), folder, { recursive: true });
    const about = {
      command: "warmroute-bench sweep sweep.yaml --repeat 3 && echo <done>",
      date: "2026-01-02",
      note: "Simulated GPUs.",
    };
    writeFileSync(join(folder, "sweep.json"), JSON.stringify(about));
    ({ html, missing } = await sweepReport(folder));
  });

  test("has the results, every picture, all runs, the configuration and the command", () => {
    const headings = [...html.matchAll(/<h2 id="[^"]*">([^<]*)</g)].map(([, heading]) => heading);
    expect(headings).toEqual([
      "Results",
      "The strategies compared",
      "As the client measured",
      "As the engines measured",
      "Where requests went",
      "pow_of_2",
      "prefix_aware",
      "All runs",
      "Configuration",
      "To repeat it",
    ]);
    expect(html.match(/<figure /g)).toHaveLength(23);
    expect(missing).toEqual([]);
    expect(html).toContain("warmroute-bench sweep sweep.yaml --repeat 3 &amp;&amp; echo &lt;done&gt;");
    expect(html).toContain("num_servers: 4");
    expect(html).toContain("<p>Simulated GPUs.</p>");
    expect(html).toMatch(/<th scope="row">prefix_aware, first<\/th><td class="number">132<\/td>/);
  });

  test("asks nothing of the network, and runs nothing", () => {
    expect(html).not.toMatch(/<script|<link[^>]*stylesheet|@import|(?:src|href)="(?!#|data:)/);
    expect(html.match(/https?:\/\/[^"<\s]*/g)!.every((url) => url.startsWith("http://www.w3.org/"))).toBe(true);
    expect(html).toContain(`content="default-src 'none'`);
  });

  test("names every id once, and links only to what is there", () => {
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of html.matchAll(/href="#([^"]*)"|url\(#([^)]*)\)/g)) if (id) expect(ids).toContain(id);
    for (const [, labels] of html.matchAll(/aria-labelledby="([^"]*)"/g)) {
      for (const id of labels!.split(" ")) expect(ids).toContain(id);
    }
  });

  test("says what could not be drawn", async () => {
    const folder = join(scratch, "poor");
    mkdirSync(folder);
    writeFileSync(join(folder, "serve_x_sweep_results.csv"), "request_router,mean_ttft_ms\nrandom,5\n");
    const poor = await sweepReport(folder, "Poor & <short>");
    expect(poor.missing[0]).toMatch(/has no runs of pow_of_2 to compare with; it has random$/);
    expect(poor.html).toContain("<h1>Poor &amp; &lt;short&gt;</h1>");
    expect(poor.html).toContain('<h2 id="missing">Not drawn</h2>');
    expect(poor.html).toContain("Mean TTFT");
  });
});

describe("a sweep's folder", () => {
  test("may have its custom results as warmroute or as the reference writes them", () => {
    const folder = join(scratch, "ray");
    const files = [
      "custom_results/load_distribution/pow_of_2.csv",
      "custom_results/load_distribution/prefix_aware.json",
      "custom_results/prefix_aware/prefix_match_rate/router-1.csv",
      "csv_results/serve_sharegpt_sweep_results.csv",
      "csv_results/serve_chosen_sweep_results.csv",
      "logs/prefix_aware_stdout.log",
    ];
    for (const file of files) {
      mkdirSync(join(folder, file, ".."), { recursive: true });
      cpSync(SERVE, join(folder, file));
    }
    const found = readSweepFolder(folder);
    expect(found.serve).toEqual([join(folder, "csv_results/serve_chosen_sweep_results.csv")]);
    expect(found.runs.map(({ name, tables }) => [name, Object.keys(tables)])).toEqual([
      ["pow_of_2", ["load_distribution"]],
      ["prefix_aware", ["load_distribution", "prefix_match_rate"]],
    ]);
  });

  test("shows the first of several runs of a strategy", async () => {
    const folder = join(scratch, "repeats");
    for (const run of ["a_prefix_aware_1", "a_prefix_aware_2", "a_prefix_aware_10", "a_pow_of_2_1"]) {
      const strategy = run.includes("pow") ? "pow_of_2" : "prefix_aware";
      const from = fixture(`sweep/custom_results/${strategy}/load_distribution.csv`);
      cpSync(from, join(folder, "custom_results/load_distribution", `${run}.csv`));
    }
    const { html } = await sweepReport(folder);
    const titles = [...html.matchAll(/<figure aria-label="([^"]*)"/g)].map(([, title]) => title!.split(": ")[1]);
    expect(titles).toEqual(["a_pow_of_2_1", "a_prefix_aware_1"]);
  });

  test.each([
    [{ doEviction: true, evictionThresholdChars: 7000, evictionTargetChars: 5000, evictionIntervalSecs: 3 }, "7,000"],
    [{ doEviction: false, evictionThresholdChars: 400_000 }, null],
    [undefined, "400,000"],
  ])("has the eviction loop of the run as it was recorded: %j", async (options, threshold) => {
    const folder = mkdtempSync(join(scratch, "loop-"));
    cpSync(
      fixture("sweep/custom_results/prefix_aware/char_count_over_time.csv"),
      join(folder, "custom_results/char_count_over_time/mine_prefix_aware.csv"),
    );
    const runs = { mine_prefix_aware: { strategy: "prefix_aware", options } };
    writeFileSync(join(folder, "sweep.json"), JSON.stringify({ runs }));
    const { html } = await sweepReport(folder);
    expect(/evicts above ([\d,]+) characters/.exec(html)?.[1] ?? null).toBe(threshold);
    expect(html.includes("no eviction loop")).toBe(threshold === null);
  });

  test("is refused when what it says of itself cannot be read", () => {
    const folder = join(scratch, "broken");
    mkdirSync(folder);
    writeFileSync(join(folder, "sweep.json"), "{");
    expect(() => readSweepFolder(folder)).toThrow(/sweep\.json: not JSON/);
    writeFileSync(join(folder, "sweep.json"), "[1]");
    expect(() => readSweepFolder(folder)).toThrow(/sweep\.json: an object was expected, not \[1\]/);
  });
});
