import { expect, test } from "vitest";
import { type EventKind, EventQueue, KINDS } from "../../../src/simulator/cluster/event-queue.js";
import fc from "../../properties.js";

const kind = fc.constantFrom(...(Object.keys(KINDS) as EventKind[]));

test("events happen by time, of one time by kind, of one kind as they were set; cancelled ones never", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ atMs: fc.nat({ max: 20 }), kind, cancelled: fc.boolean() }), {
        maxLength: 200,
        size: "max",
      }),
      (given) => {
        const events = new EventQueue();
        const happened: number[] = [];
        const set = given.map(({ atMs, kind: each }, i) =>
          events.at(atMs, each, () => {
            expect(events.nowMs).toBe(atMs);
            happened.push(i);
          }),
        );
        set.forEach((event, i) => {
          event.cancelled = given[i]!.cancelled;
        });
        while (events.runNext()) {}
        const expected = given
          .map((event, i) => ({ ...event, i }))
          .filter(({ cancelled }) => !cancelled)
          .sort((a, b) => a.atMs - b.atMs || KINDS[a.kind] - KINDS[b.kind] || a.i - b.i);
        expect(happened).toEqual(expected.map(({ i }) => i));
      },
    ),
  );
});

test("an event may set others, at its own time too", () => {
  const events = new EventQueue();
  const times: number[] = [];
  const again = (left: number) => () => {
    times.push(events.nowMs);
    if (left > 0) events.at(events.nowMs + (left % 2), "rest", again(left - 1));
  };
  events.at(1, "rest", again(4));
  while (events.runNext()) {}
  expect(times).toEqual([1, 1, 2, 2, 3]);
});
