import type { RequestRecord } from "../gateway/index.js";

/** One line for a person: time, method, path, status, replica, reason, match rate, times; the outcome unless all went well. */
export function textLine(record: RequestRecord, time: Date): string {
  const fields = [time.toISOString().slice(11, 23), record.method, record.path, record.status];
  if (record.replica !== null) fields.push(record.replica);
  if (record.reason !== null) fields.push(record.reason);
  if (record.matchRate !== null) fields.push(`match ${record.matchRate.toFixed(2)}`);
  if (record.ttftMs !== null) fields.push(`ttft ${record.ttftMs.toFixed(0)} ms`);
  fields.push(`total ${record.totalMs.toFixed(0)} ms`);
  if (record.tries > 1) fields.push(`tries ${record.tries}`);
  if (record.outcome !== "completed") fields.push(record.outcome);
  return fields.join(" ");
}

/** One JSON object: the record as it is, with `time` in front. */
export function jsonLine(record: RequestRecord, time: Date): string {
  return JSON.stringify({ event: "request", time: time.toISOString(), ...record });
}
