import { expect, test } from "vitest";
import { HISTORY_S, History, rates, spanOf } from "../../src/dashboard/page/history.js";
import type { GatewayState, ModelState } from "../../src/gateway/index.js";

function state(uptimeS: number, completed: number, failed = 0): GatewayState {
  const decisions = {
    decisions: completed + failed,
    textChars: 0,
    hitAvailable: 0,
    hitChosen: 0,
    hitDelivered: 0,
    matchRate: 0,
  };
  const requests = { completed, timed_out: failed };
  const model = {
    model: null,
    requests,
    decisions,
    replicas: [],
    tree: null,
    policy: "p",
    queued: 0,
    leases: 0,
    ttftMs: null,
  };
  return { uptimeS, draining: false, open: 0, requests, models: [model satisfies ModelState] };
}

test("a rate is what a count has grown by, by the seconds that it took", () => {
  const history = new History();
  for (const [second, completed] of [0, 10, 30, 30, 30, 30].entries()) history.add(state(second, completed), second);
  expect(rates(history.of(null), 2, ({ groups }) => groups.completed)).toEqual([null, 10, 15, 10, 0, 0]);
});

test("outcomes are counted in four groups", () => {
  const history = new History();
  history.add(state(1, 3, 2), 1);
  expect(history.of(null)[0]!.groups).toEqual({ completed: 3, failed: 2, refused: 0, left: 0 });
});

test("a gateway that begins anew is not compared with what was before", () => {
  const history = new History();
  history.add(state(100, 50), 0);
  history.add(state(1, 0), 1);
  expect(history.of(null)).toHaveLength(1);
});

test("what is older than five minutes is let go, and the charts show no more than there is", () => {
  const history = new History();
  expect(spanOf(history.of(null))).toBe(60);
  for (let second = 0; second <= 400; second += 5) history.add(state(second, second), second);
  const samples = history.of(null);
  expect([samples[0]!.atS, samples.at(-1)!.atS]).toEqual([400 - HISTORY_S, 400]);
  expect(spanOf(samples)).toBe(HISTORY_S);
});
