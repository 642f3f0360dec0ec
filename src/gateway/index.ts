/**
 * An OpenAI-compatible reverse proxy as one `fetch` handler.
 * @module
 */
export type { DecisionTotals, GatewayState, ModelState, ReplicaState } from "./admin/state.js";
export type { TreeView, TreeViewNode } from "./admin/tree-view.js";
export type { BreakerState } from "./breaker.js";
export type { ShownDecision } from "./decisions.js";
export type { RequestOutcome, RequestRecord } from "./exchange.js";
export { createGateway, type Gateway } from "./gateway.js";
export type { ReplicaCondition } from "./member.js";
export type {
  OpenTelemetryApi,
  OpenTelemetryAttributes,
  OpenTelemetrySpan,
  OpenTelemetryTracer,
} from "./open-telemetry.js";
export {
  type BreakerOptions,
  type ColdCacheOptions,
  GATEWAY_DEFAULTS,
  type GatewayDefaults,
  type GatewayOptions,
  type HealthOptions,
  type KeyOptions,
  type LoadOptions,
  type ModelOptions,
  type RetryOptions,
  type TimeoutOptions,
} from "./options.js";
export type { RecentSummary } from "./recent-times.js";
export {
  type AnsweredWith,
  type HeaderReader,
  type HeaderWriter,
  type OpenTelemetryOptions,
  openTelemetry,
  type RequestTrace,
  type TracedRequest,
  type Tracing,
} from "./tracing.js";
export { fetchUpstream, type Upstream, type UpstreamRequest } from "./upstream.js";
