// Declares `Symbol.dispose` for users whose `lib` is older.
/// <reference lib="esnext.disposable" preserve="true" />
export type { Decision, DecisionReason } from "./decision.js";
export type { Lease } from "./lease.js";
export type { RouterOptions } from "./options.js";
export type { PolicyName } from "./policies/index.js";
export type { PrefixAwareOptions } from "./policies/prefix-aware.js";
export type { Replica, ReplicaOptions } from "./replica.js";
export type { RouteRequest } from "./request-key.js";
export { NoReplicaError, type RouteOptions, Router } from "./router.js";
