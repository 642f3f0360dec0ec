import { readFileSync } from "node:fs";
import type { Machine } from "../machine.js";
import type { Figures } from "../suite/figures.js";

/** All of one run. */
export interface Results {
  command: string;
  date: string;
  machine: Machine;
  seed: number;
  timeMs: number;
  tenants: number;
  workloads: WorkloadResults[];
  /** Peers that are not on this machine, with how to get them. */
  absent: { peer: string; why: string; howToGet: string }[];
  failed: { peer: string; workload: string; texts: number; error: string }[];
}

/** One number of texts of a workload, and what the peers did with it. */
export interface WorkloadResults {
  workload: string;
  texts: number;
  meanCharacters: number;
  /** Characters of the texts when what they begin with in common is counted once: what a radix tree stores. */
  distinctCharacters: number;
  peers: PeerFigures[];
}

export interface PeerFigures extends Figures {
  peer: string;
}

/** The peer that the others are compared with. */
export const OURS = "warmroute";

/** Of a file that `--json` has written. */
export function readResults(file: string): Results {
  let results: Partial<Results>;
  try {
    results = JSON.parse(readFileSync(file, "utf8")) as Partial<Results>;
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
  if (!results?.machine || !results.workloads?.length)
    throw new Error(`${file}: not what --json writes for operations`);
  return results as Results;
}
