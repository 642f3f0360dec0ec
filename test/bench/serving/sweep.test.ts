import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sweepReport } from "../../../bench/plots/index.js";
import { run } from "../../../bench/program.js";
import { readSamples } from "../../../bench/serving/sweep/engine-metrics.js";
import { TABLES } from "../../../src/measure/index.js";
import { simulatedReplica } from "../../../src/simulator/index.js";
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

  test("with a warm-up runs twice on the same replicas: the second time is faster, and counts", async () => {
    const out = folder();
    const config = join(out, "config.yaml");
    writeFileSync(config, CONFIG);
    expect(await run(["sweep", config, "--out", out, "--virtual", "--with-warmup"])).toBe(0);
    const serve = rows(join(out, "csv_results/serve_reference_sweep_results.csv"));
    for (const row of serve) {
      expect(row).toMatchObject({ with_warmup: "True", completed: "60" });
      expect(Number(row.mean_ttft_ms)).toBeLessThan(0.8 * Number(row.warmup_mean_ttft_ms));
    }
    // Of the run that counts alone.
    for (const row of rows(join(out, "csv_results/vllm_reference_sweep_results.csv"))) {
      expect(row.request_success_total).toBe("30");
    }
    // The routers tracked both, as over sockets.
    expect(rows(join(out, "custom_results/prefix_match_rate/small_prefix_aware.csv"))).toHaveLength(120);
  });

  test("writes the engines' metrics over time, with the names that replicas have over sockets", async () => {
    const out = folder();
    const config = join(out, "config.yaml");
    writeFileSync(config, CONFIG);
    expect(await run(["sweep", config, "--out", out, "--virtual", "--set", "track_interval=0.5"])).toBe(0);
    const scraped = rows(join(out, "custom_results/vllm_metrics/small_prefix_aware.csv"));
    expect(Object.keys(scraped[0]!)).toEqual(Object.keys(TABLES.vllm_metrics.columns));
    expect(new Set(scraped.map((row) => row.replica)).size).toBe(2);
    expect([...new Set(scraped.map((row) => row.time_s))].slice(0, 3)).toEqual(["0", "0.5", "1"]);
    const names = (page: string) => [
      ...new Set(readSamples(page).flatMap(({ name }) => (name.endsWith("_bucket") ? [] : [name]))),
    ];
    const told = new Set(scraped.map((row) => /^"?([\w:]+)/.exec(row.metric!)![1]));
    const overSockets = names(await (await simulatedReplica().fetch(new Request("http://replica/metrics"))).text());
    expect(overSockets.length).toBeGreaterThan(25);
    expect([...told].sort()).toEqual(overSockets.sort());
    const { html, missing } = await sweepReport(out);
    expect(missing).toEqual([]);
    for (const drawn of ["KV cache used (%)", "vllm_metric_timeseries"])
      expect([drawn, html.includes(drawn)]).toEqual([drawn, true]);
  });

  test("tells of a policy of one's own that throws what it threw and where, and goes on with the others", async () => {
    const out = folder();
    const config = join(out, "config.yaml");
    const policy = (name: string, body: string) => {
      writeFileSync(join(out, `${name}.mjs`), body);
      return join(out, `${name}.mjs`);
    };
    const choosing = `let asked = 0;
export default () => ({
  name: "later", tree: null,
  choose({ candidates }) {
    if (++asked === 20) candidates.weather.read();
    return { replica: candidates[0], reason: "custom", matchedChars: 0 };
  },
});`;
    const strategies = {
      later: policy("later", choosing),
      at_once: policy("at_once", `export default () => { throw new Error("no licence"); };`),
      on_loading: policy("on_loading", `throw new Error("no such database");`),
      reads: policy(
        "reads",
        `import { readFileSync } from "node:fs"; export default () => readFileSync("/nowhere/table");`,
      ),
      word: policy("word", `export default () => { throw "a word"; };`),
      prefix_aware: "prefix_aware",
    };
    writeFileSync(config, CONFIG.replace(/routing.*/, `routing_strategies_dict: ${JSON.stringify(strategies)}`));
    const bench = warmrouteBench("sweep", config, "--out", out, "--virtual");
    expect(await bench.exit).toBe(1);
    const failed = (name: string) => new RegExp(`^failed: small_${name}: (.*)$`, "m").exec(bench.errors())?.[1];
    expect(failed("later")).toMatch(
      /^TypeError: Cannot read properties of undefined .*\(at .*choose \(.*later\.mjs:5:\d+\)\)$/,
    );
    expect(failed("at_once")).toMatch(/^Error: no licence \(at .*at_once\.mjs:1:\d+\)\)?$/);
    expect(failed("on_loading")).toMatch(
      /^policy .* cannot be loaded: no such database \(at .*on_loading\.mjs:1:\d+\)$/,
    );
    // Its file, not the sweep's.
    expect(failed("reads")).toMatch(/^Error: ENOENT: no such file or directory, open '\/nowhere\/table' \(at /);
    expect(failed("word")).toBe("a word was thrown");
    expect(failed("prefix_aware")).toBeUndefined();
    expect(rows(join(out, "csv_results/serve_reference_sweep_results.csv")).map((row) => row.request_router)).toEqual([
      "prefix_aware",
    ]);
    // The rest of the stack is where servers' errors are.
    expect(readFileSync(join(out, "logs/later_stderr.log"), "utf8")).toMatch(/TypeError[\s\S]*\n +at .*\n +at /);
  });

  test.each([
    [["--disable-stream"], "disable_stream is for servers"],
    [["--set", "servers=mine"], "servers must be simulated"],
    [["--set", "dataset_path=/nowhere.json"], "/nowhere.json cannot be read"],
  ])("%j: is refused", async (args, message) => {
    const out = folder();
    writeFileSync(join(out, "config.yaml"), CONFIG);
    const bench = warmrouteBench("sweep", join(out, "config.yaml"), "--out", out, "--virtual", ...args);
    expect([await bench.exit, bench.errors()]).toEqual([2, expect.stringContaining(message)]);
    // Before anything is written.
    expect(readdirSync(out)).toEqual(["config.yaml"]);
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

  test("gateways of one process share a tree: what one has sent, the others find", async () => {
    const out = folder();
    const config = join(out, "config.yaml");
    // Each prompt is a beginning of the next, one at a time: a gateway never gets two prompts of its own in a row.
    const conversations = Array.from({ length: 20 }, (_, i) => ({
      from: i % 2 ? "gpt" : "human",
      value: `${i} `.repeat(80),
    }));
    writeFileSync(join(out, "one.json"), JSON.stringify([{ id: "1", conversations }]));
    const lines = [
      "dataset_name: sharegpt",
      `dataset_path: ${join(out, "one.json")}`,
      "in_order: true\nnum_prompts: 8\nmax_concurrency: 1\nrequest_rate: .inf\nmax_output_len: 10",
      "num_servers: 2\nrouters: 4\nsim_speed: 100\nrouting_strategies_dict: [prefix_aware]\nbenchmark_label: one",
      "tree: [own, shared]",
    ];
    writeFileSync(config, lines.join("\n"));
    const bench = warmrouteBench("sweep", config, "--out", out);
    expect([await bench.exit, bench.errors()]).toEqual([
      0,
      expect.stringContaining("4 gateways of one process, which share a tree,"),
    ]);
    const known = (tree: string) => {
      const rated = rows(join(out, `custom_results/prefix_match_rate/one_prefix_aware_tree-${tree}.csv`));
      expect(rated).toHaveLength(8);
      expect(new Set(rated.map((row) => row.router)).size).toBe(4);
      return rated.filter((row) => Number(row.match_rate) > 0).length;
    };
    // Shared, all but the first are known; apart, each gateway's first is new to it.
    expect([known("shared"), known("own")]).toEqual([7, 4]);
    expect(rows(join(out, "csv_results/serve_sharegpt_sweep_results.csv"))).toMatchObject([
      { routers: "4", tree: "own", failed: "0" },
      { routers: "4", tree: "shared", failed: "0" },
    ]);
  });
});
