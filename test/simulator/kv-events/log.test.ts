import { expect, test } from "vitest";
import { KEPT_BATCHES, KvEventLog } from "../../../src/simulator/kv-events/log.js";

test("keeps the last 10,000 batches, and none without events", () => {
  const log = new KvEventLog([]);
  log.flush(0);
  expect(log.since(0)).toEqual([]);
  for (let i = 0; i < KEPT_BATCHES + 5; i++) {
    log.removed(i);
    log.flush(i);
  }
  const kept = log.since(0);
  expect([kept.length, kept[0]!.seq, kept.at(-1)!.seq]).toEqual([10_000, 5, 10_004]);
  expect(
    kept.every(
      ({ events, seq }) => events.length === 1 && "block_hashes" in events[0]! && events[0].block_hashes[0] === seq,
    ),
  ).toBe(true);
  expect(log.since(10_004).map(({ seq }) => seq)).toEqual([10_004]);
  expect(log.since(20_000)).toEqual([]);
});
