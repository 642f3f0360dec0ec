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
