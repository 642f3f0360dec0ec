import type { RequestRecord } from "./run.js";

/** Most output tokens that came within a second, of the whole seconds of the run; the tokens of an answer are spread over its pieces. */
export function peakOutputTokens(records: readonly RequestRecord[]): number {
  const seconds = new Map<number, number>();
  let peak = 0;
  for (const { pieceMs, outputTokens } of records) {
    for (const ms of pieceMs) {
      const second = Math.floor(ms / 1000);
      const tokens = (seconds.get(second) ?? 0) + outputTokens / pieceMs.length;
      seconds.set(second, tokens);
      peak = Math.max(peak, tokens);
    }
  }
  return peak;
}

/** Most requests under way at a time; one that ends as another is sent makes room for it. */
export function peakConcurrent(records: readonly RequestRecord[]): number {
  const sent = Float64Array.from(records, ({ sentMs }) => sentMs).sort();
  const ended = Float64Array.from(records, ({ endMs }) => endMs).sort();
  let peak = 0;
  let over = 0;
  for (let begun = 0; begun < sent.length; begun++) {
    while (ended[over]! <= sent[begun]!) over++;
    peak = Math.max(peak, begun + 1 - over);
  }
  return peak;
}
