/**
 * A replica that behaves like vLLM, without a GPU and without a model.
 * @module
 */

export type { ServingFigures, Summary } from "../measure/index.js";
export {
  type Tokenizer,
  type Workload,
  type WorkloadName,
  type WorkloadRequest,
  workload,
} from "../workloads/index.js";
export type { SimulatorClock } from "./clock.js";
export {
  type AnsweredSimulation,
  type BalanceFigures,
  type CacheFigures,
  type CacheSize,
  type ClientModel,
  type ClosedLoop,
  type ClusterOptions,
  type ClusterResult,
  type OpenLoop,
  type OracleCost,
  type PredictionFigures,
  type SimulatedScrape,
  saturationRate,
  simulateCluster,
  type TraceTimes,
} from "./cluster/index.js";
export type { Fault, FaultKind, FaultWindow } from "./faults/fault.js";
export type { KvEventEncoding } from "./kv-events/payload.js";
export type { ZeroMqOptions } from "./kv-events/zeromq.js";
export type { SimulatedReplicaOptions } from "./options.js";
export { PROFILES, type Profile, type ProfileName } from "./profiles.js";
export { type ReplicaStats, type SimulatedReplica, simulatedReplica } from "./replica.js";
export { type RunningReplica, type StartReplicaOptions, startReplica } from "./start-replica.js";
