import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { registerPlotCommands } from "../../../bench/plots/index.js";
import { fixture, POW_OF_2, PREFIX_AWARE, SERVE, textsOf, VLLM } from "./support.js";

const scratch = mkdtempSync(join(tmpdir(), "warmroute-plot-commands-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let out: string;
beforeEach(() => {
  out = mkdtempSync(join(scratch, "run-"));
});

/** What `warmroute-bench <args>` prints. */
async function run(...args: string[]): Promise<string> {
  let printed = "";
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += text;
    return true;
  });
  const program = new Command("warmroute-bench").exitOverride().configureOutput({ writeErr: () => {} });
  registerPlotCommands(program);
  try {
    await inherit(program).parseAsync(args, { from: "user" });
  } finally {
    stdout.mockRestore();
  }
  return printed;
}

/** Commands made before `exitOverride` was inherited would end the process. */
function inherit(command: Command): Command {
  for (const child of command.commands) inherit(child.copyInheritedSettings(command));
  return command;
}

const operations = fixture("../../../../bench/results/operations.json");

describe("plot", () => {
  test.each([
    ["plot_serve_metric_summary", [SERVE, "--metric", "mean_ttft_ms"], "serve_metric_summary_mean_ttft_ms"],
    [
      "plot_vllm_metric_summary",
      [VLLM, "--metric", "ray_vllm:request_queue_time_seconds"],
      "vllm_metric_summary_request_queue_time_seconds",
    ],
    ["plot_serve_load_distribution", [PREFIX_AWARE], "serve_load_distribution"],
    ["plot_serve_prefix_match_rate", [PREFIX_AWARE, "--window-sec", "2"], "serve_prefix_match_rate"],
    [
      "plot_vllm_metric_timeseries",
      [PREFIX_AWARE, "--metric-name", "num_requests_running"],
      "vllm_metric_timeseries_num_requests_running",
    ],
    ["plot_deployment_overhead", [PREFIX_AWARE], "deployment_overhead"],
    ["count_routing_matches", [`a=${PREFIX_AWARE}`, `b=${POW_OF_2}`], "routing_matches"],
    ["plot_eviction_policy", [PREFIX_AWARE, PREFIX_AWARE, "--eviction-threshold-chars", "6000"], "eviction_policy"],
    ["plot_benchmark_comparison", [SERVE, "--where", "benchmark_label=first"], "benchmark_comparison"],
    ["plot_operation_benchmark", [operations], "operation_benchmark_chat"],
  ])("%s draws under the reference's name", async (command, args, name) => {
    const printed = await run("plot", command, ...args, "--out", out);
    expect(readdirSync(out)).toEqual([`${name}.svg`]);
    expect(printed.split("\n")).toContain(join(out, `${name}.svg`));
  });

  test("writes SVG and PNG, light and dark, where and under which name it is told", async () => {
    const args = [
      "plot",
      "serve-metric-summary",
      SERVE,
      "--metric",
      "duration",
      "--out",
      join(out, "deep"),
      "--name",
      "it",
    ];
    await run(...args, "--format", "svg,png");
    expect(readdirSync(join(out, "deep")).sort()).toEqual(["it-dark.png", "it.png", "it.svg"]);
    rmSync(join(out, "deep"), { recursive: true });
    await run(...args, "--format", "png", "--theme", "dark");
    expect(readdirSync(join(out, "deep"))).toEqual(["it.png"]);
  });

  test("takes several --where, and says in words what is to be seen", async () => {
    const where = [
      "--where",
      "benchmark_label=first",
      "--where",
      "request_router=prefix_aware",
      "--where",
      "request_router=pow_of_2",
    ];
    const printed = await run(
      "plot",
      "serve-metric-summary",
      SERVE,
      "--metric",
      "mean_ttft_ms",
      ...where,
      "--out",
      out,
    );
    expect(printed).toContain(
      "Mean TTFT. Bars of mean TTFT (ms), the mean over the runs: pow_of_2 241 ms (233 to 250); prefix_aware 132 ms",
    );
    expect(textsOf(readFileSync(join(out, "serve_metric_summary_mean_ttft_ms.svg"), "utf8"))).not.toContain(
      "round_robin",
    );
  });

  test.each([
    [["--where", "benchmark_label"], "It must be column=value."],
    [["--format", "pdf"], "It must be svg, png or svg,png."],
    [["--theme", "sepia"], "Allowed choices are auto, light, dark."],
    [["--name", "../mine"], "It must be a file's name; --out is its folder."],
    [[], "required option '--metric <name>' not specified"],
  ])("refuses %j", async (args, message) => {
    await expect(run("plot", "serve-metric-summary", SERVE, ...args)).rejects.toThrow(message);
  });

  test("all draws what a folder allows, and tells what it cannot", async () => {
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await run("plot", "all", fixture("sweep"), "--out", out);
    expect(stderr).not.toHaveBeenCalled();
    stderr.mockRestore();
    const drawn = readdirSync(out);
    expect(drawn).toContain("benchmark_comparison_second.svg");
    expect(drawn).toContain("eviction_policy_prefix_aware.svg");
    expect(drawn).not.toContain("eviction_policy_pow_of_2.svg");
    expect(drawn).toHaveLength(23);
  });

  test("all has a name for each, and no one for all", async () => {
    await expect(run("plot", "all", fixture("sweep"), "--out", out, "--name", "mine")).rejects.toThrow(
      "unknown option '--name'",
    );
  });
});

describe("report", () => {
  test("writes one file, beside the results unless told where", async () => {
    const file = join(out, "page", "index.html");
    expect(await run("report", fixture("sweep"), "--out", file)).toBe(`${file}\n`);
    expect(existsSync(file)).toBe(true);
  });

  test("says what a folder without results has not", async () => {
    await expect(run("report", out)).rejects.toThrow(
      `${out} has no results of a sweep: neither serve_*_sweep_results.csv nor`,
    );
    await expect(run("report", join(out, "none"))).rejects.toThrow(`there is no folder ${join(out, "none")}`);
  });
});
