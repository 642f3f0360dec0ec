/** Requests to send to replicas: generators, and readers of conversations and traces. */
export { inOrder } from "./in-order.js";
export {
  isWorkloadName,
  type WorkloadData,
  type WorkloadName,
  workload,
  workloadByName,
  workloadCatalog,
  workloadNames,
} from "./named.js";
export { ASSISTANT_BEGINS, chatTurn } from "./readers/chat-markup.js";
export { readEntries } from "./readers/entries.js";
export { DataError } from "./readers/records.js";
export { workloadStatistics } from "./statistics.js";
export { type Tokenizer, tokenId, tokenize, tokenTexts } from "./tokenizer.js";
export { requestsOf, type Workload, type WorkloadRequest } from "./workload.js";
