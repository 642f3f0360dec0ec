/** Requests to send to replicas: generators, and readers of conversations and traces. */
export {
  isWorkloadName,
  type WorkloadName,
  type WorkloadOptions,
  type WorkloadParameters,
  workload,
  workloadCatalog,
  workloadNames,
} from "./named.js";
export type { Parameter, Parameters, ParameterValue } from "./parameters.js";
export { firstTokens, type Tokenizer, tokenId, tokenize } from "./tokenizer.js";
export { type RequestPlace, requestsOf, type Workload, type WorkloadRequest } from "./workload.js";
