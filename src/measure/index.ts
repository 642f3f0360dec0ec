export { Collector } from "./collector.js";
export { csvHeader, csvLine } from "./csv.js";
export { type AnsweredRequest, e2eMs, itlMs, tpotMs, ttftMs } from "./latency.js";
export { percentile } from "./percentiles.js";
export { type MeasuredRequest, type RunSummary, summarizeRun } from "./run-summary.js";
export { type Summary, summarize } from "./summary.js";
export { type Row, TABLES, type TableName } from "./tables.js";
export { trackingRows } from "./tracking.js";
