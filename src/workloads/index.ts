/** Requests to send to replicas: generators, and readers of conversations and traces. */
export {
  isWorkloadName,
  type WorkloadAbout,
  type WorkloadData,
  type WorkloadName,
  type WorkloadOptions,
  workload,
  workloadByName,
  workloadCatalog,
  workloadNames,
} from "./named.js";
export type { Parameter, Parameters, ParameterValue } from "./parameters.js";
export { ASSISTANT_BEGINS, chatTurn } from "./readers/chat-markup.js";
export { type Entry, type EntryRequest, readEntries } from "./readers/entries.js";
export { DataError } from "./readers/records.js";
export { type WorkloadStatistics, workloadStatistics } from "./statistics.js";
export { type Tokenizer, tokenId, tokenize, tokenTexts } from "./tokenizer.js";
export { type RequestPlace, requestsOf, type Workload, type WorkloadRequest } from "./workload.js";
