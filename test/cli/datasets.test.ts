import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { openWorkload } from "../../src/cli/datasets.js";
import { UsageError } from "../../src/cli/usage-error.js";
import { workloadCatalog, workloadNames, workloadStatistics } from "../../src/workloads/index.js";
import { dataFolderOf } from "../workloads/support.js";

const folder = mkdtempSync(join(tmpdir(), "warmroute-datasets-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());
writeFileSync(join(folder, "mine.jsonl"), '{"prompt":"Hello","output_len":3}\n');
writeFileSync(join(folder, "mtbench101_conversations.jsonl"), '{"messages":[{"role":"user","content":"Hi"}]}\n');
writeFileSync(join(folder, "broken.jsonl"), '{"prompt":"Hello"}\n{"pro\n');

describe("a workload by its name", () => {
  test("made from a seed", () => {
    expect(openWorkload("reference", { requests: 10 }).size).toBe(10);
  });

  test("read from the folder in WARMROUTE_DATA, from a folder that is given, or from a file", () => {
    expect(openWorkload("mtbench", {}, { dataFolder: folder }).size).toBe(1);
    expect(openWorkload("custom", {}, { file: join(folder, "mine.jsonl") }).description).toMatch(
      /^mine\.jsonl: 1 request/,
    );
    vi.stubEnv("WARMROUTE_DATA", folder);
    expect(openWorkload("mtbench").size).toBe(1);
  });

  test("absent: tells the file, the folder and how to set it", () => {
    vi.stubEnv("WARMROUTE_DATA", "");
    expect(() => openWorkload("sharegpt", {}, { dataFolder: folder })).toThrow(UsageError);
    expect(() => openWorkload("sharegpt", {}, { dataFolder: folder })).toThrow(
      `sharegpt reads sharegpt_16_messages_or_more.json, which is not in ${folder}: set WARMROUTE_DATA to the folder that has it`,
    );
  });

  test.each([
    ["poetry", {}, {}, /^workload must be reference, .*, not "poetry"$/],
    ["reference", { requests: 0 }, {}, /^reference: requests must be a whole number .*, not 0$/],
    ["reference", {}, { file: "a.json" }, /^reference is made from a seed and reads no file, not a\.json$/],
    ["custom", {}, {}, /^custom needs the path of a file$/],
    ["custom", {}, { file: "/no/such" }, /^custom: \/no\/such cannot be read: ENOENT/],
    ["custom", {}, { file: folder }, /^custom: .* cannot be read: EISDIR/],
    ["custom", {}, { file: join(folder, "broken.jsonl") }, /^broken\.jsonl, line 2: neither JSON nor JSON Lines: /],
  ])("%s %j %j: refused", (name, parameters, place, message) => {
    expect(() => openWorkload(name, parameters, place)).toThrow(UsageError);
    expect(() => openWorkload(name, parameters, place)).toThrow(message);
  });
});

/** Requests, conversations, mean tokens of prompt and output, hit bound: by the package's tokenizer. */
const FILES = {
  azure: [19_366, 19_366, 1155, 211, 0],
  mtbench: [4208, 1388, 147, 80, 0.74],
  taubench: [2454, 200, 2778, 62, 0.96],
  glaive: [957, 300, 292, 99, 0.8],
  bbh: [3240, 3240, 818, 105, 0.9],
} as const;

describe("the real data", () => {
  test.for(Object.keys(FILES) as (keyof typeof FILES)[])("%s", (name, { skip }) => {
    const { file } = workloadCatalog[name];
    const dataFolder = dataFolderOf(file!);
    if (dataFolder === undefined) return skip(`no ${file} in WARMROUTE_DATA or ./data`);
    const made = openWorkload(name, {}, { dataFolder });
    const [requests, conversations, promptTokens, outputTokens, hitBound] = FILES[name];
    const statistics = workloadStatistics(made);
    expect(statistics).toMatchObject({ requests, conversations });
    expect(statistics.promptTokens / promptTokens).toBeCloseTo(1, 1);
    expect(statistics.outputTokens / outputTokens).toBeCloseTo(1, 1);
    expect(statistics.hitBound).toBeCloseTo(hitBound, 1);
  });
});

describe("Mooncake's trace", () => {
  const { file } = workloadCatalog.mooncake;
  const dataFolder = dataFolderOf(file!);

  test("whole: as many conversations as there are requests that share no more than the block that all have", ({
    skip,
  }) => {
    if (dataFolder === undefined) return skip(`no ${file} in WARMROUTE_DATA or ./data`);
    expect(openWorkload("mooncake", {}, { dataFolder })).toMatchObject({ size: 12_031, conversations: 7373 });
  });

  test("its beginning: texts have the trace's lengths, and hits of blocks are hits of ids", ({ skip }) => {
    if (dataFolder === undefined) return skip(`no ${file} in WARMROUTE_DATA or ./data`);
    // The whole trace is 145 million tokens.
    const requests = 500;
    const records = readFileSync(join(dataFolder, file!), "utf8")
      .split("\n", requests)
      .map((line): { input_length: number; hash_ids: number[] } => JSON.parse(line));
    const seen = new Set<number>();
    let hits = 0;
    let tokens = 0;
    for (const { input_length, hash_ids } of records) {
      const most = Math.floor((input_length - 1) / 512);
      const hit = hash_ids.findIndex((id, i) => i === most || !seen.has(id));
      hits += hit === -1 ? hash_ids.length : hit;
      tokens += input_length;
      for (const id of hash_ids) seen.add(id);
    }
    const statistics = workloadStatistics(openWorkload("mooncake", { requests }, { dataFolder }), 512);
    expect(statistics.promptTokens).toBe(tokens / requests);
    expect(statistics.hitBound).toBe((hits * 512) / tokens);
    expect(hits).toBeGreaterThan(1000);
  });
});

describe("the catalog", () => {
  test("tells of each workload what it is, of each parameter its default and what it means", () => {
    for (const name of workloadNames) {
      const { about, parameters } = workloadCatalog[name];
      expect(about, name).toMatch(/\S/);
      expect(Object.keys(parameters), name).toContain("seed");
      for (const parameter of Object.values(parameters)) expect(parameter.about).toMatch(/\S/);
    }
  });
});
