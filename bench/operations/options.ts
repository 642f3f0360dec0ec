import { parseArgs } from "node:util";
import { externalPeers } from "./external/index.js";
import { peers } from "./peers/index.js";
import { OURS } from "./report/results.js";
import { OPERATIONS, type Operation } from "./suite/figures.js";

const PEERS = { ...peers, ...externalPeers };

export const HELP: string = `Usage: npm run bench -- [options]

Times insert, prefix_match and evict_tenant_by_lru on multi-turn texts, and measures the memory that the texts take.

  --texts <n>     texts in the tree (2000)
  --sizes <n,n>   the same for several numbers of texts, one after the other: 100,2000,40000
  --peers <a,b>   compare with other trees, or "all":
${Object.entries(PEERS)
  .map(([name, { about }]) => `                    ${name.padEnd(11)} ${about}`)
  .join("\n")}
  --filter <part> only operations with this in their name
  --seed <n>      seed of the texts (1)
  --time <ms>     how long each operation is timed (1000)
  --json <file>   also write the figures, with machine and versions, to a file
  --out <folder>  also write operations.md and operations.svg there
  --check         compare with the goals instead; exits 1 when one is missed by more than 20 %
  --passes <n>    whole passes over the texts for --check, 9 or more (15)
  --help          this text`;

export interface Options {
  sizes: number[];
  /** Ours among them, the first. */
  peers: string[];
  operations: Operation[];
  seed: number;
  timeMs: number;
  json: string | undefined;
  out: string | undefined;
  check: boolean;
  passes: number;
  help: boolean;
}

/** @throws TypeError or RangeError that tells the user what is wrong with the arguments. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      texts: { type: "string", default: "2000" },
      sizes: { type: "string" },
      peers: { type: "string", default: OURS },
      filter: { type: "string", default: "" },
      seed: { type: "string", default: "1" },
      time: { type: "string", default: "1000" },
      json: { type: "string" },
      out: { type: "string" },
      check: { type: "boolean", default: false },
      passes: { type: "string", default: "15" },
      help: { type: "boolean", default: false },
    },
  });
  return {
    sizes: (values.sizes ?? values.texts).split(",").map((size) => wholeNumber("--texts and --sizes", size, 1)),
    peers: readPeers(values.peers),
    operations: readFilter(values.filter),
    seed: wholeNumber("--seed", values.seed, 0),
    timeMs: wholeNumber("--time", values.time, 1),
    json: values.json,
    out: values.out,
    check: values.check,
    passes: wholeNumber("--passes", values.passes, 9),
    help: values.help,
  };
}

function readPeers(list: string): string[] {
  const known = Object.keys(PEERS);
  if (list === "all") return known;
  for (const name of list.split(",")) {
    if (!known.includes(name)) throw new RangeError(`--peers must be "all" or of ${known.join(", ")}, not "${name}"`);
  }
  return [...new Set([OURS, ...list.split(",")])];
}

function readFilter(part: string): Operation[] {
  const operations = OPERATIONS.filter((operation) => operation.includes(part));
  if (operations.length > 0) return operations;
  throw new RangeError(`--filter must be a part of one of ${OPERATIONS.join("; ")}, not "${part}"`);
}

function wholeNumber(name: string, value: string, least: number): number {
  const number = Number(value);
  if (value.trim() === "" || !Number.isSafeInteger(number) || number < least) {
    throw new RangeError(`${name} must be a whole number, ${least} or more, not "${value}"`);
  }
  return number;
}
