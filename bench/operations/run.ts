/**
 * The tree's three operations on multi-turn texts, as the reference's operation benchmark times them: fill the tree by
 * inserts, then time each. `npm run bench -- --help` names the options.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, release } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { Bench, type Task } from "tinybench";
import { PrefixTree } from "../../dist/index.js";
import { chatTexts } from "./texts.js";

const HELP = `Usage: npm run bench -- [options]

  --texts <n>   texts in the tree (2000)
  --time <ms>   how long each operation is timed (1000)
  --seed <n>    seed of the texts (1)
  --json <file> also write the figures, with machine and versions, to a file
  --help        this text`;

const TENANTS = ["replica-0", "replica-1", "replica-2", "replica-3"];

interface Row {
  operation: string;
  p50Us: number;
  p99Us: number;
  meanUs: number;
  samples: number;
}

const options = readOptions();
const texts = chatTexts(options.texts, options.seed);
const characters = texts.reduce((sum, text) => sum + text.length, 0);
const bench = new Bench({ time: options.time, warmupTime: options.time / 4, throws: true });
bench.addEventListener("cycle", ({ task }) => process.stderr.write(`${task?.name} timed\n`));
addTasks(bench);
await bench.run();

const rows = bench.tasks.map(rowOf);
const memory = memoryOf();
process.stdout.write(
  `${texts.length} texts, mean ${Math.round(characters / texts.length)} characters, ${TENANTS.length} tenants; ` +
    `Node ${process.version}, ${cpus()[0]?.model.trim()} × ${cpus().length}\n`,
);
console.table(Object.fromEntries(rows.map(({ operation, ...figures }) => [operation, figures])));
process.stdout.write(`memory: ${JSON.stringify(memory)}\n`);
if (options.json !== undefined) writeResults(options.json);

/** Every task finds the tree as it needs it: what prepares it is not timed. */
function addTasks(bench: Bench): void {
  const tree = new PrefixTree();
  tree.addTenants(TENANTS, 0);
  let next = 0;
  let now = 0;
  const tenantOf = (index: number) => TENANTS[index % TENANTS.length]!;
  const step = () => {
    next = (next + 1) % texts.length;
  };
  const empty = () => {
    for (const tenant of TENANTS) tree.evictTenantByLru(tenant, Number.MAX_SAFE_INTEGER);
  };
  const fill = () => {
    for (let i = 0; i < texts.length; i++) tree.insert(texts[i]!, tenantOf(i), ++now);
    next = 0;
  };
  bench.add("insert, new text", () => tree.insert(texts[next]!, tenantOf(next), ++now), {
    async: false,
    beforeAll: empty,
    beforeEach: () => {
      step();
      if (next === 0) empty();
    },
  });
  bench.add("insert, text already there", () => tree.insert(texts[next]!, tenantOf(next), ++now), {
    async: false,
    beforeAll: fill,
    beforeEach: step,
  });
  bench.add("prefix_match, whole text", () => tree.prefixMatch(texts[next]!).matchedChars, {
    async: false,
    beforeAll: fill,
    beforeEach: step,
  });
  bench.add("prefix_match, tenants named", () => tree.prefixMatch(texts[next]!, TENANTS).matchedTenants, {
    async: false,
    beforeAll: fill,
    beforeEach: step,
  });
  bench.add("evict_tenant_by_lru, one run", () => tree.evictTenantByLru(tenantOf(next), 1), {
    async: false,
    beforeAll: fill,
    beforeEach: () => {
      step();
      if (tree.tenantToCharCount.get(tenantOf(next)) === 0) fill();
    },
  });
}

/** What the texts cost in a tree of their own. */
function memoryOf(): object {
  const tree = new PrefixTree();
  tree.addTenants(TENANTS, 0);
  for (let i = 0; i < texts.length; i++) tree.insert(texts[i]!, TENANTS[i % TENANTS.length]!, i);
  const storedChars = tree.inspect().nodes.reduce((sum, node) => sum + node.text.length, 0);
  const { memoryBytes, storedBytes, nodes, entries } = tree.stats();
  const perChar = (bytes: number) => Math.round((bytes / storedChars) * 1000) / 1000;
  return {
    nodes,
    entries,
    storedChars,
    storedBytes,
    memoryBytes,
    storedBytesPerChar: perChar(storedBytes),
    memoryBytesPerChar: perChar(memoryBytes),
  };
}

function rowOf(task: Task): Row {
  const { result } = task;
  if (result.state !== "completed") throw new Error(`${task.name}: ${result.state}`);
  const { latency } = result;
  const us = (ms: number) => Math.round(ms * 1e6) / 1e3;
  return {
    operation: task.name,
    p50Us: us(latency.p50),
    p99Us: us(latency.p99),
    meanUs: us(latency.mean),
    samples: latency.samplesCount,
  };
}

function writeResults(file: string): void {
  const report = {
    command: `npm run bench -- ${process.argv.slice(2).join(" ")}`,
    date: new Date().toISOString(),
    machine: { cpu: cpus()[0]?.model.trim(), cores: cpus().length, os: `${platform()} ${release()} ${arch()}` },
    node: process.version,
    texts: { count: texts.length, meanCharacters: Math.round(characters / texts.length), seed: options.seed },
    tenants: TENANTS.length,
    rows,
    memory,
  };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  process.stderr.write(`written to ${file}\n`);
}

function readOptions(): { texts: number; time: number; seed: number; json: string | undefined } {
  try {
    const { values } = parseArgs({
      options: {
        texts: { type: "string", default: "2000" },
        time: { type: "string", default: "1000" },
        seed: { type: "string", default: "1" },
        json: { type: "string" },
        help: { type: "boolean" },
      },
    });
    if (values.help) {
      process.stdout.write(`${HELP}\n`);
      process.exit(0);
    }
    return {
      texts: wholeNumber("--texts", values.texts, 1),
      time: wholeNumber("--time", values.time, 1),
      seed: wholeNumber("--seed", values.seed, 0),
      json: values.json,
    };
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    process.exit(2);
  }
}

function wholeNumber(name: string, value: string, least: number): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < least) {
    throw new RangeError(`${name} must be a whole number, ${least} or more, not "${value}"`);
  }
  return number;
}
