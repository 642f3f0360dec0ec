export { Collector } from "./collector.js";
export { csvHeader, csvLine } from "./csv.js";
export { type MeanInterval, meanInterval } from "./interval.js";
export { type ServingFigures, ServingMeter } from "./serving.js";
export { percentile, type Summary, summarize } from "./summary.js";
export { type Row, TABLES, type TableName } from "./tables.js";
export { trackingRows } from "./tracking.js";
