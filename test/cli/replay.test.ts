import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { traffic } from "../routing/journal/traffic.js";
import { address, warmroute } from "./support.js";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "warmroute-replay-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

async function replayed(...args: string[]): Promise<{ code: number | null; out: string; errors: string }> {
  const run = warmroute("replay", ...args);
  const code = await run.exit;
  return { code, out: run.lines.join("\n"), errors: run.errors() };
}

describe("warmroute replay", () => {
  let journal: string;
  beforeAll(async () => {
    journal = (await traffic({ policy: "prefix_aware" }, { requests: 400, seed: 2 })).lines.join("");
  });

  test("prints what each policy makes of a journal, side by side", async () => {
    const file = join(await folder(), "journal.jsonl");
    await writeFile(file, journal);
    const { code, out } = await replayed(file, "--policy", "recorded,round_robin,kv_cost", "--temperature", "0.2");
    expect(code).toBe(0);
    expect(out).toMatch(/^400 requests of \d+ conversations in \d+\.\d s\n/);
    const [head, recorded, robin, cost] = out.split("\n").slice(2);
    expect(head!.split(/ {2,}/)).toEqual([
      "policy",
      "requests",
      "decisions",
      "waited",
      "refused",
      "left",
      "hit chars",
      "possible",
      "hit tokens",
      "moves",
      "imbalance",
      "hotspot",
      "as recorded",
    ]);
    expect(recorded).toMatch(/^prefix_aware \(recorded\) +400 .* 100\.0 %$/);
    expect(robin).toMatch(/^round_robin +400 /);
    expect(cost).toMatch(/^kv_cost +400 /);
    expect(out).toMatch(/^prefix_match +\d+ +0 +0$/m);
    expect(out).toMatch(/^sampled +0 +0 +\d+$/m);
  });

  test("--json prints the reports; of a packed file, too", async () => {
    const file = join(await folder(), "journal.jsonl.gz");
    await writeFile(file, gzipSync(journal));
    const { code, out } = await replayed(file, "--json", "--cache-chars", "5000");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject([
      { policy: "prefix_aware", whole: true, requests: 400, firstDifference: null },
    ]);
  });

  test.each<[string, string[], RegExp]>([
    ["a file that is not there", ["missing.jsonl"], /missing\.jsonl cannot be read: ENOENT/],
    ["no policy of that name", ["x", "--policy", "recorded,fast"], /Allowed are round_robin, random,/],
    [
      "an option that no policy has",
      ["x", "--policy", "random", "--temperature", "1"],
      /temperature is for none of the policies random/,
    ],
    ["an option beside what was recorded", ["x", "--seed", "1"], /seed is for none of the policies recorded/],
  ])("%s is told in one line, with exit code 2", async (_name, args, message) => {
    const { code, errors } = await replayed(...args);
    expect(code).toBe(2);
    expect(errors).toMatch(/^warmroute: [^\n]+\n$/);
    expect(errors).toMatch(message);
  });

  test("a journal that is cut off is told by its line, with exit code 2", async () => {
    const file = join(await folder(), "journal.jsonl");
    await writeFile(file, journal.slice(0, 10_000));
    const { code, errors } = await replayed(file);
    expect(code).toBe(2);
    expect(errors).toMatch(/^warmroute: .*journal\.jsonl: journal, line \d+: cut off after \d+ characters\n$/);
  });
});

test("serve --record and --track write what replay and the results' format read", async () => {
  const path = await folder();
  const [journal, tracks] = [join(path, "journal.jsonl"), join(path, "tracks")];
  const flags = ["--embedded", "2", "--port", "0", "--sim-speed", "1000", "--quiet", "--record", journal];
  const run = warmroute("serve", ...flags, "--record-salt", "pepper", "--track", tracks);
  const url = await address(run);
  for (let i = 0; i < 5; i++) {
    const body = {
      model: "Qwen/Qwen2.5-1.5B-Instruct",
      prompt: `${"Why is the sky blue? ".repeat(9)}${i}`,
      max_tokens: 2,
      stream: true,
    };
    const response = await fetch(`${url}/v1/completions`, { method: "POST", body: JSON.stringify(body) });
    await response.text();
  }
  run.child.kill("SIGINT");
  expect(await run.exit).toBe(0);
  const held = await address(warmroute("serve", "--embedded", "1", "--port", "0"));
  expect(await readFile(journal, "utf8")).not.toContain("sky");
  const { out } = await replayed(journal, "--json");
  expect(JSON.parse(out)).toMatchObject([
    { requests: 5, decisions: 5, same: 5, keys: "hashes", reported: { promptTokens: expect.any(Number) } },
  ]);
  expect((await readdir(tracks)).length).toBe(9);
  const ends = (await readFile(join(tracks, "lease_ends.csv"), "utf8")).trim().split("\n");
  expect(ends[0]).toMatch(/^router,time_s,request,attempt,replica,end,/);
  expect(ends.length).toBe(6);
  expect(await readFile(join(tracks, "decisions_by_reason.csv"), "utf8")).toContain("prefix_aware,prefix_match,");

  // A start that fails leaves nothing behind that would keep the next one from starting.
  const other = join(path, "other.jsonl");
  const taken = warmroute("serve", "--embedded", "1", "--port", new URL(held).port, "--record", other);
  expect(await taken.exit).toBe(2);
  expect(await readdir(path)).not.toContain("other.jsonl");

  const again = warmroute("serve", ...flags);
  expect(await again.exit).toBe(2);
  expect(again.errors()).toMatch(/^warmroute: .*journal\.jsonl cannot be written: EEXIST/);
});
