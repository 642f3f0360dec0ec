/**
 * A replica that behaves like vLLM, without a GPU and without a model.
 * @module
 */
export type { SimulatorClock } from "./clock.js";
export { PROFILES, type Profile, type ProfileName } from "./profiles.js";
export {
  type ReplicaStats,
  type SimulatedReplica,
  type SimulatedReplicaOptions,
  simulatedReplica,
} from "./replica.js";
