import { readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { childrenOf, commandOf, folder, server, streamed, warmrouteBench } from "./support.js";

const piece = { choices: [{ text: " word" }] };
const usage = { choices: [], usage: { prompt_tokens: 10, completion_tokens: 2 } };

const linesOf = (file: string) =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("serving", () => {
  test("runs the reference's command line, with booleans that have a value or none", async () => {
    const bodies: Record<string, unknown>[] = [];
    const url = await server((request, response) => {
      bodies.push({ url: request.url, agent: request.headers["x-team"], key: request.headers.authorization });
      streamed(response, [piece, piece, usage]);
    });
    const output = join(folder(), "out.jsonl");
    const dataset = join(folder(), "sharegpt.json");
    const conversation = (id: number) => ({
      id: String(id),
      conversations: Array.from({ length: 8 }, (_, i) => ({ from: i % 2 ? "gpt" : "human", value: `${id} says ${i}` })),
    });
    writeFileSync(dataset, JSON.stringify([1, 2, 3, 4].map(conversation)));
    const flags = ["--with-warmup", "false", "--disable-ignore-eos", "false", "--disable-stream", "false"];
    const lengths = ["--min-output-len", "10", "--max-output-len", "200"];
    const load = ["--max-concurrency", "4", "--request-rate", "500", "--max-conversations", "10000"];
    const ours = ["--header", "x-team=blue", "--api-key", "secret", "--output-details"];
    const { hostname, port } = new URL(url);
    const where = ["--backend", "vllm", "--model", "a-model", "--host", hostname, "--port", port];
    const data = ["--dataset-name", "sharegpt", "--dataset-path", dataset, "--num-prompts", "9"];
    const run = warmrouteBench(
      "serving",
      ...where,
      ...data,
      ...lengths,
      ...load,
      ...flags,
      ...ours,
      "--output-file",
      output,
    );
    expect([await run.exit, run.errors()]).toEqual([0, expect.stringContaining("9 pieces of")]);
    expect(run.lines).toContain("Successful requests:                     9");
    const [line] = linesOf(output);
    expect(line).toMatchObject({
      dataset_name: "sharegpt",
      completed: 9,
      total_input_tokens: 90,
      total_output_tokens: 18,
      request_rate: 500,
      max_concurrency: 4,
    });
    expect(line.details).toHaveLength(9);
    expect(bodies).toHaveLength(9);
    expect(bodies[0]).toEqual({ url: "/v1/completions", agent: "blue", key: "Bearer secret" });
  });

  test("starts a cluster of its own, passes the policy and its options on, and appends", async () => {
    const output = join(folder(), "out.jsonl");
    const args = ["--embedded", "2", "--sim-speed", "100", "--num-prompts", "12", "--output-file", output];
    const run = warmrouteBench("serving", ...args, "--policy", "prefix_aware", "--imbalanced-threshold", "3");
    expect([await run.exit, run.errors()]).toEqual([0, expect.stringContaining("a gateway and 2 simulated")]);
    const wrong = warmrouteBench("serving", ...args, "--policy", "./nowhere.mjs");
    expect([await wrong.exit, wrong.errors()]).toEqual([
      2,
      expect.stringContaining("policy ./nowhere.mjs cannot be loaded"),
    ]);
    expect(linesOf(output)).toMatchObject([
      { embedded: 2, policy: "prefix_aware", simulated: true, completed: 12, with_warmup: false },
    ]);
  });

  test("lists failures by their cause; without an answer it exits with 1", async () => {
    let requests = 0;
    const url = await server((_, response) => {
      if (requests++ % 2 === 0) response.writeHead(503).end('{"error":{"message":"full"}}');
      else response.destroy();
    });
    const run = warmrouteBench("serving", "--base-url", `${url}/v1`, "--num-prompts", "6", "--max-concurrency", "1");
    expect(await run.exit).toBe(1);
    expect(run.lines).toEqual(expect.arrayContaining(["3        HTTP 503: full", "3        the connection was cut"]));
    expect(run.errors()).toContain("no request was answered: ");
  });

  test("says when answers have no usage, and exits with 3", async () => {
    const url = await server((_, response) => streamed(response, [piece]));
    const run = warmrouteBench("serving", "--base-url", url, "--num-prompts", "3", "--backend", "openai");
    expect([await run.exit, run.errors()]).toEqual([3, expect.stringContaining("3 of 3 answers had no usage")]);
  });

  test("writes what there is when it is interrupted, and exits with 130", async () => {
    const output = join(folder(), "out.jsonl");
    let answered = 0;
    let onStuck = () => {};
    const stuck = new Promise<void>((resolve) => {
      onStuck = resolve;
    });
    const url = await server((_, response) => {
      if (answered++ < 3) streamed(response, [piece, usage]);
      else onStuck();
    });
    const args = ["--num-prompts", "9", "--max-concurrency", "1", "--output-file", output];
    const run = warmrouteBench("serving", "--base-url", url, ...args);
    await stuck;
    run.child.kill("SIGINT");
    expect([await run.exit, run.errors()]).toEqual([130, expect.stringContaining("stopped after 3 answers")]);
    expect(linesOf(output)).toMatchObject([{ completed: 3, interrupted: true }]);
  });

  test("stops while its cluster starts, and exits with 130", async () => {
    const run = warmrouteBench("serving", "--embedded", "2", "--num-prompts", "9");
    await run.error(/^a gateway and 2 simulated/);
    run.child.kill("SIGINT");
    expect([await run.exit, run.errors()]).toEqual([
      130,
      expect.stringMatching(/stopped (before a request was sent|after 0 answers)/),
    ]);
  });

  test("tells when a process of its cluster has ended in the middle, and how", async () => {
    const args = ["--embedded", "1", "--num-prompts", "60", "--request-rate", "20", "--max-concurrency", "4"];
    const run = warmrouteBench("serving", ...args, "--sim-speed", "20");
    await run.error(/^generated chats/);
    const gateway = childrenOf(run.child.pid!).find((pid) => commandOf(pid).includes(" serve "));
    process.kill(gateway!, "SIGKILL");
    await run.exit;
    expect(run.errors()).toContain("warmroute-bench: the gateway ended (SIGKILL)");
  });

  test("runs twice on the same servers with --with-warmup, and only the second counts", async () => {
    let requests = 0;
    const url = await server((_, response) => {
      requests++;
      streamed(response, [piece, usage]);
    });
    const run = warmrouteBench("serving", "--base-url", url, "--num-prompts", "4", "--with-warmup");
    expect([await run.exit, requests]).toEqual([0, 8]);
    expect(run.errors()).toMatch(/mean TTFT [\d.]+ ms after [\d.]+ ms in the warm-up run/);
    expect(run.lines).toContain("Successful requests:                     4");
  });

  test("has as many requests under way as it may, and no more", async () => {
    const output = join(folder(), "out.jsonl");
    const held: ServerResponse[] = [];
    const url = await server((_, response) => {
      held.push(response);
      // Fewer at a time would wait here for ever.
      if (held.length === 3) for (const each of held.splice(0)) streamed(each, [piece, usage]);
    });
    const args = ["--num-prompts", "9", "--max-concurrency", "3", "--output-file", output];
    expect(await warmrouteBench("serving", "--base-url", url, ...args).exit).toBe(0);
    expect(linesOf(output)).toMatchObject([{ completed: 9, peak_concurrent_requests: 3 }]);
  });

  test.each([
    [["--base-url", "http://127.0.0.1:9"], /no server at http:\/\/127\.0\.0\.1:9: .*let --embedded 4 start one/],
    [["--dataset-path", "/nowhere.json"], /sharegpt: \/nowhere\.json cannot be read/],
    [["--dataset-link", "ftp://x"], /--dataset-link must be an http or https address, not ftp:\/\/x/],
    [["--dataset-name", "sharegtp"], /'sharegtp' is invalid. Allowed choices are sharegpt/],
    [["--with-warmup", "perhaps"], /It must be true or false/],
    [["--min-output-len", "9", "--max-output-len", "3"], /--min-output-len 9 is above --max-output-len 3/],
    [["--output-file", "/nowhere/x"], /\/nowhere\/x cannot be written/],
    [["--extra-request-body", "[1]"], /It must be a JSON object/],
    [["--header", "blue"], /It must be name=value/],
    [["--header", "team=a\nb"], /characters of Latin-1 only, and no line breaks/],
    [["--api-key", "€"], /'--api-key <key>' argument '€' is invalid. A header has/],
    [["--policy", "random"], /--policy is of a cluster that --embedded <count> starts/],
    [["--base-url", "http://a", "--sim-speed", "10"], /--sim-speed is of a cluster that --embedded/],
    [["--embedded", "2", "--base-url", "http://a"], /give --embedded or --base-url, not both/],
    [["--embedded", "2", "--port", "8000"], /give --embedded or --port, not both/],
  ])("%j: says what is wrong, and exits with 2", async (args, message) => {
    const run = warmrouteBench("serving", ...args);
    expect([await run.exit, run.errors()]).toEqual([2, expect.stringMatching(message)]);
    expect(run.errors().trim().split("\n")).toHaveLength(1);
  });

  test("says how many requests failed, and why, when others were answered", async () => {
    let requests = 0;
    const url = await server((_, response) => {
      if (requests++ === 1) response.writeHead(503).end('{"error":{"message":"full"}}');
      else streamed(response, [piece, usage]);
    });
    const run = warmrouteBench("serving", "--base-url", url, "--num-prompts", "4", "--max-concurrency", "1");
    expect([await run.exit, run.errors()]).toEqual([
      0,
      expect.stringContaining("1 of 4 requests failed, and are in none of the figures: HTTP 503: full (1×)"),
    ]);
  });

  test("prints its figures and says so in one line when the disk is full for the output file", async () => {
    const url = await server((_, response) => streamed(response, [piece, usage]));
    const run = warmrouteBench("serving", "--base-url", url, "--num-prompts", "3", "--output-file", "/dev/full");
    expect(await run.exit).toBe(2);
    expect(run.errors()).toMatch(/^warmroute-bench: \/dev\/full: ENOSPC.*$/m);
    expect(run.errors()).not.toContain("    at ");
    expect(run.lines).toContain("Successful requests:                     3");
  });

  test("tells which record of a dataset is wrong", async () => {
    const path = join(folder(), "bad.json");
    writeFileSync(path, '[{"conversations":[]},{"conv":1}]');
    const run = warmrouteBench("serving", "--dataset-path", path);
    expect([await run.exit, run.errors()]).toEqual([
      2,
      expect.stringMatching(/bad\.json, record 2: expected .*not conv/),
    ]);
  });

  test("asks for a model that the server has", async () => {
    const url = await server((_, response) => response.end());
    const run = warmrouteBench("serving", "--base-url", url, "--model", "another");
    expect([await run.exit, run.errors()]).toEqual([2, expect.stringContaining("has no model another, but a-model")]);
  });
});
