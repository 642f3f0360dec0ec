import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../../../bench/program.js";
import { folder, warmrouteBench } from "./support.js";

/** Rows by column of a CSV file without quoted line feeds. */
function rows(path: string): Record<string, string>[] {
  const [header, ...lines] = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].slice(0, -1).map(([, cell]) => cell!));
  return lines.map((cells) => Object.fromEntries(header!.map((name, i) => [name, cells[i] ?? ""])));
}

const CONFIG = `
benchmark_label: small
num_prompts: 60
num_servers: 2
routing_strategies_dict: {pow_of_2: , prefix_aware: }
`;

describe("sweep --virtual", () => {
  test("writes the reference's files: runs in the order A B B A, custom results of each", async () => {
    const out = folder();
    const config = join(out, "config.yaml");
    writeFileSync(config, CONFIG);
    expect(await run(["sweep", config, "--out", out, "--virtual", "--repeat", "2"])).toBe(0);
    const serve = rows(join(out, "csv_results/serve_reference_sweep_results.csv"));
    const vllm = rows(join(out, "csv_results/vllm_reference_sweep_results.csv"));
    const order = ["pow_of_2 1", "prefix_aware 1", "prefix_aware 2", "pow_of_2 2"];
    expect(serve.map((row) => `${row.request_router} ${row.repeat}`)).toEqual(order);
    expect(vllm.map((row) => `${row.request_router} ${row.repeat}`)).toEqual(order);
    for (const row of serve) {
      expect(row).toMatchObject({
        gpu_type: "L4",
        num_servers: "2",
        enable_prefix_caching: "True",
        benchmark_label: "small",
        with_warmup: "False",
        completed: "60",
        virtual: "True",
      });
      expect(Number(row.mean_ttft_ms)).toBeGreaterThan(0);
    }
    // What clients and engines counted is the same.
    expect(Number(vllm[0]!.request_success_total)).toBe(30);
    expect(Number(vllm[0]!.prompt_tokens_total) * 2).toBe(Number(serve[0]!.total_input_tokens));
    const ratio = Number(vllm[0]!.e2e_request_latency_seconds) / (Number(serve[0]!.mean_e2e_latency_ms) / 1000);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.1); // but for the way out, and replicas that had not as many requests
    const tracked = rows(join(out, "custom_results/prefix_match_rate/small_prefix_aware_1.csv"));
    expect(tracked).toHaveLength(60);
    expect(readdirSync(join(out, "custom_results"))).toEqual(
      expect.arrayContaining(["char_count_over_time", "load_distribution", "prefix_match_rate", "routing_mismatches"]),
    );
    expect(JSON.parse(readFileSync(join(out, "sweep.json"), "utf8"))).toMatchObject({
      note: expect.stringContaining("Simulated"),
    });
    expect(existsSync(join(out, ".sweep_state.json"))).toBe(false);
  });

  test("gives the same figures each time, and others with routers that do not share a tree", async () => {
    const out = folder();
    const config = join(out, "config.yaml");
    writeFileSync(config, `${CONFIG}routing_strategies_dict: [prefix_aware]\n`.replace(/^routing.*dict: \{.*\n/m, ""));
    const csv = join(out, "csv_results/serve_reference_sweep_results.csv");
    const sweep = (...more: string[]) => run(["sweep", config, "--out", out, "--virtual", ...more]);
    expect(await sweep()).toBe(0);
    expect(await sweep()).toBe(0);
    expect(await sweep("--routers", "8", "--tree", "shared")).toBe(0);
    expect(await sweep("--routers", "8", "--tree", "own")).toBe(0);
    const [one, again, shared, own] = rows(csv);
    expect(again).toEqual(one);
    expect(Number(own!.cache_hit_rate)).toBeLessThan(Number(shared!.cache_hit_rate));
    const merged = rows(join(out, "custom_results/load_distribution/small_prefix_aware.csv"));
    expect(new Set(merged.map((row) => row.router)).size).toBe(8);
  });

  test("a strategy's own options are its alone, and what it ran with is told", async () => {
    const out = folder();
    const config = join(out, "config.yaml");
    writeFileSync(
      config,
      `${CONFIG.replace(/routing.*\n/, "")}routing_strategies_dict: {plain: prefix_aware, evicts: {policy: prefix_aware, do_eviction: true, imbalanced_threshold: 0}, oracle: }\n`,
    );
    expect(await run(["sweep", config, "--out", out, "--virtual"])).toBe(0);
    const [plain, evicts, oracle] = rows(join(out, "csv_results/serve_reference_sweep_results.csv"));
    expect([plain!.policy, evicts!.policy, oracle!.policy]).toEqual([
      "prefix_aware",
      "prefix_aware:doEviction=true:imbalancedThreshold=0",
      "oracle",
    ]);
    // A threshold of 0 leaves it to the load.
    expect(Number(evicts!.cache_hit_rate)).toBeLessThan(Number(plain!.cache_hit_rate));
    const bench = warmrouteBench("sweep", config, "--out", out);
    expect(await bench.exit).toBe(2);
    expect(bench.errors()).toContain("oracle needs --virtual: it sees into the replicas");
  });

  test("an option for all goes to the policies that take it", async () => {
    const out = folder();
    const config = join(out, "config.yaml");
    writeFileSync(config, CONFIG);
    expect(await run(["sweep", config, "--out", out, "--virtual", "--set", "imbalanced_threshold=0"])).toBe(0);
    const [other, threshold] = rows(join(out, "csv_results/serve_reference_sweep_results.csv"));
    expect([other!.request_router, threshold!.request_router]).toEqual(["pow_of_2", "prefix_aware"]);
  });

  test("a strategy that fails does not stop the others, and is tried again by the same command", async () => {
    const out = folder();
    const config = join(out, "config.yaml");
    const policy = join(out, "later.mjs");
    writeFileSync(config, `${CONFIG.replace("pow_of_2: ", `later: ${policy}`)}`);
    const sweep = () => run(["sweep", config, "--out", out, "--virtual"]);
    const done = () =>
      rows(join(out, "csv_results/serve_reference_sweep_results.csv")).map((row) => row.request_router);
    expect(await sweep()).toBe(1);
    expect(done()).toEqual(["prefix_aware"]);
    writeFileSync(policy, `export default "random";`);
    expect(await sweep()).toBe(0);
    expect(done()).toEqual(["prefix_aware", "later"]);
  });

  test.each([
    [["--with-warmup"], "with_warmup is for servers"],
    [["--disable-stream"], "disable_stream is for servers"],
    [["--set", "servers=mine"], "servers must be simulated"],
    [["--set", "dataset_path=/nowhere.json"], "/nowhere.json cannot be read"],
  ])("%j: is refused", async (args, message) => {
    const out = folder();
    writeFileSync(join(out, "config.yaml"), CONFIG);
    const bench = warmrouteBench("sweep", join(out, "config.yaml"), "--out", out, "--virtual", ...args);
    expect(await bench.exit).toBeGreaterThan(0);
    expect(bench.errors()).toContain(message);
  });
});

describe("sweep", () => {
  test("starts gateways and replicas afresh, scrapes them, merges what the gateways tracked, and stops them", async () => {
    const out = folder();
    const config = join(out, "config.yaml");
    const servers = "routers: 2\nsim_speed: 100\nwith_warmup: true\nrequest_rate: 200\ntrack_interval: 0.2\n";
    writeFileSync(config, CONFIG.replace("num_prompts: 60", "num_prompts: 10") + servers);
    const bench = warmrouteBench("sweep", config, "--out", out);
    expect([await bench.exit, bench.errors()]).toEqual([
      0,
      expect.stringContaining("2 gateways, each with its own tree"),
    ]);
    const serve = rows(join(out, "csv_results/serve_reference_sweep_results.csv"));
    expect(serve).toMatchObject([
      { request_router: "pow_of_2", completed: "10", routers: "2", tree: "own", failed: "0" },
      { request_router: "prefix_aware", completed: "10" },
    ]);
    expect(Number(serve[0]!.warmup_mean_ttft_ms)).toBeGreaterThan(0);
    const [vllm] = rows(join(out, "csv_results/vllm_reference_sweep_results.csv"));
    // Of the run that counts alone: ten requests on two replicas.
    expect(vllm!.request_success_total).toBe("5");
    // The gateways tracked both.
    const tracked = rows(join(out, "custom_results/prefix_match_rate/small_prefix_aware.csv"));
    expect(tracked).toHaveLength(20);
    expect(new Set(tracked.map((row) => row.router))).toEqual(new Set(["router-1", "router-2"]));
    const scraped = rows(join(out, "custom_results/vllm_metrics/small_prefix_aware.csv"));
    expect(new Set(scraped.map((row) => row.replica))).toEqual(new Set(["replica-1", "replica-2"]));
    expect(readdirSync(join(out, "logs")).sort()).toEqual([
      "pow_of_2_stderr.log",
      "pow_of_2_stdout.log",
      "prefix_aware_stderr.log",
      "prefix_aware_stdout.log",
    ]);
    expect(await run(["clean", "--out", out])).toBe(0);
    expect(existsSync(join(out, "logs"))).toBe(false);
  });

  test("with sockets, routers that share a tree are refused", async () => {
    const out = folder();
    writeFileSync(join(out, "config.yaml"), CONFIG);
    const bench = warmrouteBench("sweep", join(out, "config.yaml"), "--out", out, "--routers", "8", "--tree", "shared");
    expect([await bench.exit, bench.errors()]).toEqual([2, expect.stringContaining("tree: shared needs --virtual")]);
  });
});
