import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { userPath } from "../user-path.js";
import { PARTS } from "./check/run.js";
import { externalPeers } from "./external/index.js";
import { peers } from "./peers/index.js";
import { OURS } from "./report/results.js";
import { OPERATIONS, type Operation } from "./suite/figures.js";
import { generated } from "./workloads/index.js";

const PEERS = { ...peers, ...externalPeers };

export const HELP: string = `Usage: npm run bench -- [options]

Times insert, prefix_match and evict_tenant_by_lru, and measures the memory that the texts take: this package's tree alone,
or side by side with others.

  --sizes <n,n>       numbers of texts in the tree, from 100 to 40000 and beyond, one after the other (2000)
  --workload <a,b>    what the texts are, or "all" (chat):
${listed(generated)}
  --dataset <file>    conversations out of a file of JSON or JSON Lines: ShareGPT's format, OpenAI's messages, prompts, or a
                      trace with hash_ids; several with several --dataset
  --peers <a,b>       other trees, or "all" (none):
${listed(PEERS)}
  --filter <part>     only operations with this in their name; with --check only these parts of it: ${Object.keys(PARTS).join(", ")}
  --seed <n>          seed of the texts (1)
  --time <ms>         how long each operation is timed (1000)
  --json [<file>]     the figures as JSON, with machine and versions: instead of the tables, or to a file
  --out <folder>      also write operations.md and a chart a workload there
  --readme <file>     also put chart and table between <!-- operations --> and <!-- /operations --> of a file
  --from <file>       no new run: tables and charts of a file that --json has written
  --check             compare with the project's goals instead; exits 1 when one is missed by more than 20 %
  --passes <n>        whole passes over the texts for --check, 9 or more (15)
  --help              this text

PYTHON names the Python that has ray (python3).`;

export interface Options {
  /** Names and paths, as `textsOf` takes them. */
  workloads: string[];
  sizes: number[];
  /** Ours among them, the first. */
  peers: string[];
  operations: Operation[];
  /** Of the check. */
  parts: string[];
  seed: number;
  timeMs: number;
  /** "-" for stdout. */
  json: string | undefined;
  out: string | undefined;
  readme: string | undefined;
  from: string | undefined;
  check: boolean;
  passes: number;
  help: boolean;
}

/** @throws TypeError or RangeError that tells the user what is wrong with the arguments. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: withValueForJson(args),
    options: {
      workload: { type: "string" },
      dataset: { type: "string", multiple: true, default: [] },
      sizes: { type: "string", default: "2000" },
      peers: { type: "string", default: OURS },
      filter: { type: "string", default: "" },
      seed: { type: "string", default: "1" },
      time: { type: "string", default: "1000" },
      json: { type: "string" },
      out: { type: "string" },
      readme: { type: "string" },
      from: { type: "string" },
      check: { type: "boolean", default: false },
      passes: { type: "string", default: "15" },
      help: { type: "boolean", default: false },
    },
  });
  const datasets = values.dataset.map((file) => existing("--dataset", file));
  // The check looks at the memory under all of them.
  const named = values.workload ?? (values.check ? "all" : datasets.length > 0 ? "" : "chat");
  return {
    workloads: [...(named === "" ? [] : names("--workload", named, Object.keys(generated))), ...datasets],
    sizes: [...new Set(values.sizes.split(",").map((size) => wholeNumber("--sizes", size, 1)))],
    peers: [...new Set([OURS, ...names("--peers", values.peers, Object.keys(PEERS))])],
    operations: values.check ? [...OPERATIONS] : matching(OPERATIONS, values.filter),
    parts: values.check ? matching(Object.keys(PARTS), values.filter) : [],
    seed: wholeNumber("--seed", values.seed, 0),
    timeMs: wholeNumber("--time", values.time, 1),
    json: values.json === undefined || values.json === "-" ? values.json : userPath(values.json),
    out: values.out && userPath(values.out),
    readme: values.readme && existing("--readme", values.readme),
    from: values.from && existing("--from", values.from),
    check: values.check,
    passes: wholeNumber("--passes", values.passes, 9),
    help: values.help,
  };
}

/** `--json` alone means stdout. */
function withValueForJson(args: readonly string[]): string[] {
  return args.map((arg, i) => (arg === "--json" && (args[i + 1] ?? "--").startsWith("--") ? "--json=-" : arg));
}

function existing(option: string, name: string): string {
  const path = userPath(name);
  if (!existsSync(path)) throw new RangeError(`${option}: there is no file ${path}`);
  return path;
}

function names(option: string, list: string, known: readonly string[]): string[] {
  if (list === "all") return [...known];
  for (const name of list.split(",")) {
    if (!known.includes(name)) throw new RangeError(`${option} must be "all" or of ${known.join(", ")}, not "${name}"`);
  }
  return [...new Set(list.split(","))];
}

function matching<Name extends string>(all: readonly Name[], part: string): Name[] {
  const found = all.filter((name) => name.includes(part));
  if (found.length > 0) return found;
  throw new RangeError(`--filter must be a part of one of ${all.join("; ")}, not "${part}"`);
}

function wholeNumber(name: string, value: string, least: number): number {
  const number = Number(value);
  if (value.trim() === "" || !Number.isSafeInteger(number) || number < least) {
    throw new RangeError(`${name} must be a whole number, ${least} or more, not "${value}"`);
  }
  return number;
}

function listed(entries: Readonly<Record<string, { about: string }>>): string {
  return Object.entries(entries)
    .map(([name, { about }]) => `                        ${name.padEnd(13)} ${about}`)
    .join("\n");
}
