export { Collector, type CollectorOptions, type Results, type ResultTable } from "./collector.js";
export { csvHeader, csvLine } from "./csv.js";
export { type Column, RESULTS_VERSION, type Row, TABLES, type Table, type TableName } from "./tables.js";
export { type RowSink, trackingRows } from "./tracking.js";
