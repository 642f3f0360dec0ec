import type { Lease } from "../../routing/index.js";
import type { WorkloadRequest } from "../../workloads/index.js";
import type { Sequence } from "../engine/index.js";
import type { EngineTimes } from "./options.js";

/** Above every id that a tokenizer gives, so that what is generated is no text that was sent. */
const GENERATED = 2 ** 30;

/** A request of the workload on its way through the cluster. */
export interface SimulatedRequest {
  /** In order of sending. */
  readonly number: number;
  readonly source: WorkloadRequest;
  /** Its prompt's tokens. */
  readonly tokens: readonly number[];
  readonly outputToken: (index: number) => number;
  readonly sentMs: number;
  /** Which router it was sent to. */
  readonly router: number;
  /** -1 until a replica has taken it. */
  replica: number;
  lease: Lease | null;
  /** In the engine; null on its way there. */
  sequence: Sequence | null;
  /** What the router took the replica to have of it, in tokens; null where its policy does not look. */
  predictedTokens: number | null;
  /** What an endless cache for all replicas would have had of it. */
  reusableTokens: number;
  /** When its first and its newest token came to the client. */
  firstMs: number;
  lastMs: number;
  /** When the engine generated the newest; -1 before the first. */
  generatedMs: number;
}

/** Tokens that no other request has: what a replica generates where the workload does not go on with it. */
export function ownTokens(number: number): (index: number) => number {
  return (index) => GENERATED + ((Math.imul(number + 1, 0x9e3779b1) ^ index) & (GENERATED - 1));
}

/** @param sequence of a request that has ended. */
export function engineTimes(sequence: Sequence): EngineTimes {
  const { receivedMs, arrivedMs, scheduledMs, firstTokenMs, finishedMs } = sequence;
  return { receivedMs, arrivedMs, scheduledMs: scheduledMs!, firstTokenMs: firstTokenMs!, finishedMs: finishedMs! };
}
