import type { DecisionRow, EndRow, TrackingRow } from "../routing/index.js";
import type { Row, TableName } from "./tables.js";

/** Told of each row of a table. */
export type RowSink = (table: TableName, row: Row) => void;

/**
 * Turns what one router's `observe` tells into rows of the results: `router.observe(trackingRows(sink))`. It keeps nothing but the
 * counts of decisions since the last interval.
 * @param router its name, where there are several.
 */
export function trackingRows(sink: RowSink, router = ""): (row: TrackingRow) => void {
  const counts = new Map<string, { policy: string; reason: string; decisions: number }>();

  function count({ policy, reason }: DecisionRow): void {
    const name = `${policy}\n${reason}`;
    const known = counts.get(name);
    if (known === undefined) counts.set(name, { policy, reason, decisions: 1 });
    else known.decisions++;
  }

  /** At the first load row of an interval: at the others of it there are none. */
  function tellCounts(timeS: number): void {
    for (const { policy, reason, decisions } of counts.values()) {
      sink("decisions_by_reason", [router, timeS, policy, reason, decisions]);
    }
    counts.clear();
  }

  return (row) => {
    switch (row.row) {
      case "load": {
        const { timeS, replica, queueLength, load, running, waiting, kvUsage } = row;
        tellCounts(timeS);
        sink("load_distribution", [router, timeS, replica, queueLength, load, running, waiting, kvUsage]);
        return;
      }
      case "chars":
        sink("char_count_over_time", [router, row.timeS, row.replica, row.chars]);
        return;
      case "decision": {
        count(row);
        const { timeS, request, attempt, policy, replica, intended, reason } = row;
        const { textChars, matchedChars, matchRate, hitAvailable, hitChosen } = row;
        const figures = [textChars, matchedChars, matchRate, hitAvailable, hitChosen];
        sink("prefix_match_rate", [router, timeS, request, attempt, replica, policy, reason, ...figures]);
        const matched = intended === null ? null : intended === replica;
        sink("routing_mismatches", [router, timeS, request, attempt, intended, replica, matched]);
        return;
      }
      case "end":
        tellEnd(row);
        return;
      case "turned_away": {
        const { timeS, request, attempt, intended, why, receivedS, endedS } = row;
        sink("turned_away", [router, timeS, request, attempt, intended, why, endedS - receivedS]);
        return;
      }
      case "evictions":
        sink("evictions", [router, row.timeS, row.cause, row.evictions, row.chars]);
    }
  };

  function tellEnd(row: EndRow): void {
    const { request, attempt, receivedS, askedS, matchedS, chosenS, sentS, firstTokenS, endedS } = row;
    const stages = [receivedS, askedS, matchedS, chosenS, sentS, firstTokenS, endedS];
    sink("deployment_overhead", [router, request, attempt, ...stages]);
    const { timeS, replica, end, failed, promptTokens, cachedTokens, completionTokens } = row;
    const ttftMs = firstTokenS === null ? null : (firstTokenS - receivedS) * 1000;
    const tokens = [promptTokens, cachedTokens, completionTokens];
    sink("lease_ends", [router, timeS, request, attempt, replica, end, failed, ttftMs, ...tokens]);
  }
}
