export type { ClientModel, ClosedLoop, OpenLoop, TraceTimes } from "./client.js";
export type { AnsweredSimulation, CacheSize, ClusterOptions, SimulatedScrape } from "./options.js";
export type { OracleCost } from "./oracle.js";
export type { BalanceFigures, CacheFigures, ClusterResult, PredictionFigures } from "./result.js";
export { saturationRate, simulateCluster } from "./simulate.js";
