import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../../../bench/program.js";
import { SERVE_COLUMNS } from "../../../bench/serving/sweep/columns.js";
import { beginCsv } from "../../../bench/serving/sweep/files.js";
import { csvLine } from "../../../src/measure/index.js";
import { childrenOf, commandOf, folder, gone, nextTurn, server, streamed, warmrouteBench } from "./support.js";

const CONFIG = `
benchmark_label: small
num_prompts: 40
num_servers: 2
sim_speed: 50
routing_strategies_dict: {pow_of_2: , prefix_aware: }
`;

/** A folder with a configuration in it. */
function prepared(text = CONFIG): { out: string; config: string } {
  const out = folder();
  const config = join(out, "config.yaml");
  writeFileSync(config, text);
  return { out, config };
}

const USAGE = { choices: [], usage: { prompt_tokens: 10, completion_tokens: 2 } };
const SERVE = "csv_results/serve_reference_sweep_results.csv";
const VLLM = "csv_results/vllm_reference_sweep_results.csv";
const linesOf = (path: string) => readFileSync(path, "utf8").trim().split("\n");

describe("a sweep's folder", () => {
  test("is one sweep's at a time: another one and clean are refused, and change nothing", async () => {
    const { out, config } = prepared();
    const lock = join(out, ".sweep_lock.json");
    // The test runner's parent: a process that is there, and not this one.
    writeFileSync(lock, JSON.stringify({ pid: process.ppid, host: hostname() }));
    for (const args of [
      ["sweep", config, "--out", out, "--virtual"],
      ["clean", "--out", out],
    ]) {
      const bench = warmrouteBench(...args);
      expect([await bench.exit, bench.errors()]).toEqual([
        2,
        `warmroute-bench: another sweep (process ${process.ppid}) writes there: wait for it, or choose another --out; if there is none, remove ${lock}\n`,
      ]);
    }
    expect(readdirSync(out).sort()).toEqual([".sweep_lock.json", "config.yaml"]);
  });

  test.each([
    ["a sweep that has ended", JSON.stringify({ pid: 2 ** 22 - 1, host: hostname() })],
    ["nobody, cut as it was written", '{"pid":'],
  ])("is free when its lock is of %s, and afterwards", async (_, lock) => {
    const { out, config } = prepared();
    writeFileSync(join(out, ".sweep_lock.json"), lock);
    expect(await run(["sweep", config, "--out", out, "--virtual"])).toBe(0);
    expect(existsSync(join(out, ".sweep_lock.json"))).toBe(false);
  });

  test("is left with nothing running and nothing twice by a sweep that is killed", async () => {
    const { out, config } = prepared();
    const bench = warmrouteBench("sweep", config, "--out", out, "--set", "request_rate=200");
    await bench.error(/^small_prefix_aware: /m);
    let children: number[] = [];
    while (children.length < 3) {
      children = childrenOf(bench.child.pid!);
      await nextTurn();
    }
    bench.child.kill("SIGKILL");
    await bench.exit;
    await gone(children);
    expect(linesOf(join(out, SERVE))).toHaveLength(2);
    // As if it had been killed between its line and saying that it is done.
    const cut = readFileSync(join(out, SERVE), "utf8");
    writeFileSync(
      join(out, SERVE),
      `${cut}${linesOf(join(out, SERVE))[1]!.replace("pow_of_2", "prefix_aware")}\nL4,Qw`,
    );

    const again = warmrouteBench("sweep", config, "--out", out, "--set", "request_rate=200");
    expect([await again.exit, again.errors()]).toEqual([0, expect.stringContaining("going on: 1 of 2 runs are done")]);
    for (const file of [SERVE, VLLM]) {
      const [, ...lines] = linesOf(join(out, file));
      expect(lines).toHaveLength(2);
      for (const [i, strategy] of ["pow_of_2", "prefix_aware"].entries()) expect(lines[i]).toContain(`,${strategy},`);
    }
    expect(readdirSync(out).filter((name) => name.startsWith("."))).toEqual([]);
    expect(readdirSync(join(out, "custom_results")).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("with a full disk ends the sweep with one line, and goes on when there is room", async () => {
    const { out, config } = prepared();
    mkdirSync(join(out, "custom_results/load_distribution"), { recursive: true });
    const full = join(out, "custom_results/load_distribution/small_prefix_aware.csv");
    symlinkSync("/dev/full", full);
    const bench = warmrouteBench("sweep", config, "--out", out, "--virtual");
    expect(await bench.exit).toBe(2);
    expect(bench.errors()).toContain(`warmroute-bench: results cannot be written to ${out}: ENOSPC`);
    expect(bench.errors()).toContain("the same command goes on with the 1 runs that are left");
    expect(bench.errors()).not.toContain("    at ");
    expect(linesOf(join(out, SERVE))).toHaveLength(2);
    // Room again.
    symlinkSync(join(out, "room.csv"), `${full}.new`);
    await import("node:fs").then(({ renameSync }) => renameSync(`${full}.new`, full));
    expect(await run(["sweep", config, "--out", out, "--virtual"])).toBe(0);
    expect(linesOf(join(out, SERVE))).toHaveLength(3);
  });

  test("with a full disk for the replicas' metrics ends a sweep over sockets the same way", async () => {
    const { out, config } = prepared();
    mkdirSync(join(out, "custom_results/vllm_metrics"), { recursive: true });
    symlinkSync("/dev/full", join(out, "custom_results/vllm_metrics/small_pow_of_2.csv"));
    const bench = warmrouteBench("sweep", config, "--out", out);
    expect(await bench.exit).toBe(2);
    expect(bench.errors()).toContain(`results cannot be written to ${out}: ENOSPC`);
    expect(bench.errors()).not.toContain("    at ");
  });

  test("keeps what is not a sweep's: logs of others, a file in the folder's place", async () => {
    const { out, config } = prepared();
    mkdirSync(join(out, "logs"));
    for (const name of ["mine.log", "x_stdout.log"]) writeFileSync(join(out, "logs", name), "");
    expect(await run(["sweep", config, "--out", out, "--virtual"])).toBe(0);
    expect(readdirSync(join(out, "logs"))).toEqual(["mine.log"]);
    expect(await run(["clean", "--out", out])).toBe(0);
    expect(readdirSync(join(out, "logs"))).toEqual(["mine.log"]);
    const bench = warmrouteBench("sweep", config, "--out", config, "--virtual");
    expect([await bench.exit, bench.errors()]).toEqual([2, expect.stringMatching(/^warmroute-bench: EEXIST.*\n$/)]);
  });

  test("says that a stopped sweep of other options is not gone on with", async () => {
    const { out, config } = prepared(`${CONFIG}seed: 1\n`.replace("pow_of_2: ,", "pow_of_2: , gone: ./gone.mjs,"));
    expect(await run(["sweep", config, "--out", out, "--virtual"])).toBe(1);
    const bench = warmrouteBench("sweep", config, "--out", out, "--virtual", "--set", "seed=2");
    expect([await bench.exit, bench.errors()]).toEqual([
      1,
      expect.stringContaining("a sweep of other options was stopped here after 2 runs"),
    ]);
  });
});

describe("a CSV file that lines are appended to", () => {
  const columns = SERVE_COLUMNS;
  const header = csvLine(columns);

  test.each([
    ["is begun where there is none", null, header],
    ["is begun anew when its header was cut", header.slice(0, 20), header],
    ["loses a line that was cut", `${header}a,b\nc,ü`, `${header}a,b\n`],
    ["stays as it is else", `${header}a,b\n`, `${header}a,b\n`],
  ])("%s", (_, before, after) => {
    const path = join(folder(), "results.csv");
    if (before !== null) writeFileSync(path, before);
    beginCsv(path, columns);
    expect(readFileSync(path, "utf8")).toBe(after);
  });

  test("is refused when it has other columns, and stays", () => {
    const path = join(folder(), "results.csv");
    writeFileSync(path, "a,b\n1,2\n");
    expect(() => beginCsv(path, columns)).toThrow(`${path} has other columns than this version writes`);
    expect(readFileSync(path, "utf8")).toBe("a,b\n1,2\n");
  });
});

test("a server that ends in the middle fails its strategy with what it was, and the others go on", async () => {
  const { out, config } = prepared(CONFIG.replace("sim_speed: 50", "sim_speed: 2"));
  const bench = warmrouteBench("sweep", config, "--out", out, "--set", "request_rate=20");
  await bench.error(/^small_pow_of_2: /m);
  const gateway = await (async () => {
    for (;;) {
      const found = childrenOf(bench.child.pid!).find((pid) => commandOf(pid).includes(" serve "));
      const log = join(out, "logs/pow_of_2_stdout.log");
      if (found !== undefined && existsSync(log) && readFileSync(log, "utf8").includes("listens on")) return found;
      await nextTurn();
    }
  })();
  process.kill(gateway, "SIGKILL");
  expect(await bench.exit).toBe(1);
  expect(bench.errors()).toMatch(/^failed: small_pow_of_2: the gateway ended \(SIGKILL\)/m);
  const [, ...lines] = linesOf(join(out, SERVE));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(",prefix_aware,");
});

test("a second Ctrl-C ends a sweep at once, with all that it has started, also what stops the servers", async () => {
  let onAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    onAsked = resolve;
  });
  // Never answers.
  const url = await server(() => onAsked());
  const servers = { start: "sleep 1001", stop: "sleep 1002", url };
  const { out, config } = prepared(`num_prompts: 4\nmodel_name: a-model\nservers: ${JSON.stringify(servers)}\n`);
  const bench = warmrouteBench("sweep", config, "--out", out);
  await asked;
  bench.child.kill("SIGINT");
  const commands = () => childrenOf(bench.child.pid!).filter((pid) => commandOf(pid).includes("sleep 100"));
  while (!commands().some((pid) => commandOf(pid).includes("sleep 1002"))) await nextTurn();
  const started = commands();
  // A press that comes at once may be the first one, passed on by npm.
  while (bench.child.exitCode === null && bench.child.signalCode === null) {
    bench.child.kill("SIGINT");
    await nextTurn();
  }
  expect(await bench.exit).toBe(130);
  await gone(started);
});

describe("servers of one's own commands", () => {
  const answered = () => server((_, response) => streamed(response, [{ choices: [{ text: " word" }] }, USAGE]));

  test("that end with an error fail at once, with what they said", async () => {
    const servers = { start: "echo no licence for {policy} >&2; exit 3", url: "http://127.0.0.1:2" };
    const { out, config } = prepared(`benchmark_label: own\nservers: ${JSON.stringify(servers)}\n`);
    const bench = warmrouteBench("sweep", config, "--out", out);
    expect(await bench.exit).toBe(1);
    for (const policy of ["pow_of_2", "prefix_aware"]) {
      expect(bench.errors()).toMatch(
        new RegExp(`^failed: own_${policy}: echo .* ended \\(exit code 3\\): no licence for ${policy}$`, "m"),
      );
    }
  });

  test("that were there before they were started are told", async () => {
    const url = await answered();
    const servers = { start: "sleep 1003", url };
    const { out, config } = prepared(
      `num_prompts: 3\nmodel_name: a-model\nrouting_strategies_dict: [random]\nservers: ${JSON.stringify(servers)}\n`,
    );
    const bench = warmrouteBench("sweep", config, "--out", out);
    expect([await bench.exit, bench.errors()]).toEqual([
      0,
      expect.stringContaining(`${url}/v1/models answers before sleep 1003 has run`),
    ]);
  });

  test("that leave something behind which holds their output do not keep the sweep", async () => {
    const url = await answered();
    const servers = { start: "setsid sleep 31.7 & exit 0", url };
    const { out, config } = prepared(
      `num_prompts: 3\nmodel_name: a-model\nrouting_strategies_dict: [random]\nservers: ${JSON.stringify(servers)}\n`,
    );
    const bench = warmrouteBench("sweep", config, "--out", out);
    expect([await bench.exit, bench.errors()]).toEqual([0, expect.stringContaining("results are in ")]);
    const left = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandOf(Number(pid)) === "sleep 31.7 ");
    // It is still there: it was not waited for.
    expect(left).toHaveLength(1);
    for (const pid of left) process.kill(Number(pid));
  });
});
