// Declares `Symbol.dispose` for users whose `lib` is older.
/// <reference lib="esnext.disposable" preserve="true" />
export type { Matching } from "./admission.js";
export type { BackoffOptions } from "./backoff.js";
export type { CandidateOptions, Exclusion, Locality } from "./candidates.js";
export {
  type CandidateFigures,
  type Choice,
  DECISION_REASONS,
  type Decision,
  type DecisionCandidate,
  type DecisionReason,
  type ExclusionReason,
  explain,
} from "./decision.js";
export { NoPreviewError, NoReplicaError, QueueFullError, QueueTimeoutError } from "./errors.js";
export { createFetch, type RouterFetchOptions } from "./fetch.js";
export type { ForgottenLease } from "./forgotten.js";
export type { JournalKeys } from "./journal/format.js";
export { JournalError } from "./journal/parse.js";
export type { Recording, RecordOptions } from "./journal/recorder.js";
export { type Journal, type ReplayOptions, type ReplayReport, replay, replayEach } from "./journal/replay.js";
export type { Difference } from "./journal/run.js";
export type { HitCount } from "./journal/tally.js";
export type { Lease, LeaseEnd, LeaseReport } from "./lease.js";
export type { Observation, ObserveOptions } from "./observe.js";
export type { RouterOptions } from "./options.js";
export type { CacheAwareOptions } from "./policies/cache-aware.js";
export type { ConsistentHashOptions } from "./policies/consistent-hash.js";
export {
  allPolicyOptions,
  POLICIES,
  type PolicyDefinition,
  type PolicyName,
  type PolicyOptions,
} from "./policies/index.js";
export type { KvCostOptions } from "./policies/kv-cost.js";
export {
  accepted,
  checkOption,
  type FlagOption,
  type NumberOption,
  type OptionsOf,
  type OptionTable,
  type PolicyOption,
  type WordOption,
} from "./policies/option-table.js";
export type {
  Policy,
  PolicyEnvironment,
  PolicyRequest,
  ReleaseReport,
  ReplicasChange,
  Route,
} from "./policies/policy.js";
export type { PrefixAwareOptions } from "./policies/prefix-aware.js";
export type { PrefixBlocksOptions } from "./policies/prefix-blocks.js";
export type { TreeOptions } from "./policies/sent-texts.js";
export type { SessionOptions } from "./policies/session.js";
export type { Preview } from "./preview.js";
export type { Replica, ReplicaLoad, ReplicaOptions } from "./replica.js";
export type { KeyOptions, Rendering, RequestKey, RouteRequest } from "./request-key.js";
export { type AcquireOptions, type LoadReport, type ReplicasUpdate, type RouteOptions, Router } from "./router.js";
export type { Timers } from "./timers.js";
export type {
  CharsRow,
  DecisionRow,
  EndRow,
  EvictionRow,
  LoadRow,
  Stages,
  TrackingRow,
  TurnedAwayRow,
} from "./tracking-rows.js";
