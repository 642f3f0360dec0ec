import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type Outcome, run } from "../runtimes/run.js";

/** What a user might use of the package, from a little to all of it: the files of programs/. Each prints one line of JSON. */
export const PROGRAMS = ["tree", "router", "gateway", "simulator"] as const;
export type Program = (typeof PROGRAMS)[number];

/** A folder outside the repository: package.json, node_modules with the packed package in it, programs/. */
export interface Scratch {
  readonly folder: string;
  /** Whether there is a Chromium to open pages in. */
  readonly chromium: boolean;
}

/** One program, built. */
export interface Built {
  readonly program: Program;
  /** Bytes of all that has to be sent or uploaded. */
  readonly size: Size;
  /** By the name of where the output ran: what it printed. */
  readonly printed: ReadonlyMap<string, string>;
}

export interface Size {
  readonly raw: number;
  readonly gzip: number;
}

/** A row of the table: every program, built and run in one way. */
export interface Row {
  readonly name: string;
  readonly built: readonly Built[];
}

/** Something that takes the package by its name and makes files of it. */
export interface Consumer {
  readonly name: string;
  /** The npm package whose version is told. */
  readonly package: string;
  /** How it was called, as a user would: without a configuration file. */
  readonly command: string;
  build(scratch: Scratch): Promise<Row[]>;
}

/** Longest build, ms; Next takes ten seconds. */
const PATIENCE_MS = 300_000;

/** Runs a program of node_modules/.bin in the scratch folder. @throws Error with what it wrote, for any exit code but 0. */
export async function tool(folder: string, name: string, ...args: string[]): Promise<Outcome> {
  const outcome = await run(`${folder}/node_modules/.bin/${name}`, args, { cwd: folder, patienceMs: PATIENCE_MS });
  if (outcome.code !== 0) throw new Error(`${name} ${args.join(" ")}: exit code ${outcome.code}\n${outcome.output}`);
  return outcome;
}

/** The sum over files; each is compressed alone, as it is sent. */
export function sizeOf(files: readonly string[]): Size {
  const contents = files.map((file) => readFileSync(file));
  return {
    raw: contents.reduce((sum, { length }) => sum + length, 0),
    gzip: contents.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0),
  };
}
