/**
 * A replica that behaves like vLLM, without a GPU and without a model.
 * @module
 */

export type { Tokenizer } from "../workloads/index.js";
export type { SimulatorClock } from "./clock.js";
export type { Fault, FaultKind, FaultWindow } from "./faults/fault.js";
export type { SimulatedReplicaOptions } from "./options.js";
export { PROFILES, type Profile, type ProfileName } from "./profiles.js";
export { type ReplicaStats, type SimulatedReplica, simulatedReplica } from "./replica.js";
