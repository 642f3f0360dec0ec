import { describe, expect, test } from "vitest";
import { EngineDriver, type Submission } from "../../src/simulator/driver.js";
import { Engine, type Sequence } from "../../src/simulator/engine/index.js";
import { ManualClock } from "./clocks.js";
import { L4, tokens } from "./support.js";

interface Arrived {
  readonly atMs: number;
  readonly index: number;
  readonly sequence: Sequence;
}

function started({ speed = 1, profile = L4, streamBatchMs = 0, slowdown = (_atMs: number): number => 1 } = {}) {
  const clock = new ManualClock();
  const engine = new Engine({ profile });
  const driver = new EngineDriver(engine, { clock, speed, streamBatchMs, slowdown });
  const arrived: Arrived[] = [];
  const submit = (prompt: readonly number[], outputTokens: number): Submission =>
    driver.submit(
      { prompt, outputTokens, outputToken: (index) => index + 1 },
      { onToken: ({ index, sequence }) => arrived.push({ atMs: clock.now(), index, sequence }) },
    );
  return { clock, engine, driver, arrived, submit };
}

describe("a replica in real time", () => {
  test("alone, 256 tokens in: the first token comes after api + t0 + 256·tP, the others a step apart", () => {
    const { clock, arrived, submit } = started();
    submit(tokens(256), 3);
    clock.advance(200);
    const firstMs = 40 + 14 + 256 * 0.07 + 1.7e-6 * 256 * 128;
    const secondMs = firstMs + 14 + 0.055 + 1.06e-4 * 256;
    const thirdMs = secondMs + 14 + 0.055 + 1.06e-4 * 257;
    expect(arrived.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const [i, ms] of [firstMs, secondMs, thirdMs].entries()) {
      expect(arrived[i]!.atMs).toBe(Math.ceil(ms)); // timers wait whole milliseconds
    }
    expect(clock.timers).toBe(0);
  });

  test("ten times faster: the same in a tenth of the time", () => {
    const [slow, fast] = [started(), started({ speed: 10 })];
    for (const { clock, submit } of [slow, fast]) {
      submit(tokens(256), 3);
      clock.advance(1000);
    }
    slow.arrived.forEach(({ atMs }, i) => {
      expect(fast.arrived[i]!.atMs).toBeGreaterThanOrEqual(atMs / 10);
      expect(fast.arrived[i]!.atMs).toBeLessThan(atMs / 10 + 1); // timers wait whole milliseconds
    });
  });

  test("a wait that is longer than a host's timer can be is waited in parts", () => {
    const { clock, arrived, submit } = started({ speed: 1e-9 });
    submit(tokens(16), 1);
    expect(clock.waitMs).toBe(2 ** 31 - 1);
    clock.advance(50e9);
    expect(arrived).toEqual([]);
    clock.advance(10e9);
    expect(arrived).toHaveLength(1);
  });

  test("late timers delay tokens, but no step of the model: what it computes with what is the same", () => {
    const times = [0, 7].map((lateMs) => {
      const { clock, arrived, submit } = started();
      submit(tokens(100, 1), 4);
      clock.advance(30, lateMs);
      submit(tokens(300, 2), 4);
      clock.advance(300, lateMs);
      const sequences = [...new Set(arrived.map(({ sequence }) => sequence))];
      return sequences.map(({ arrivedMs, scheduledMs, firstTokenMs, finishedMs }) => [
        arrivedMs,
        scheduledMs,
        firstTokenMs,
        finishedMs,
      ]);
    });
    expect(times[0]!.length).toBe(2);
    expect(times[1]).toEqual(times[0]);
  });

  test("a host that was away for long catches up, in order", () => {
    const { clock, arrived, submit } = started();
    submit(tokens(100), 20);
    clock.advance(5000, 4000);
    expect(arrived.map(({ index }) => index)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test("requests that come together share the first step", () => {
    const { clock, arrived, submit } = started();
    submit(tokens(100, 1), 1);
    submit(tokens(100, 2), 1);
    clock.advance(200);
    expect(new Set(arrived.map(({ atMs }) => atMs)).size).toBe(1);
  });

  test("abort frees at once, and nothing comes any more", () => {
    const { clock, engine, arrived, submit } = started();
    const submission = submit(tokens(100), 50);
    clock.advance(100);
    const before = arrived.length;
    expect([before > 0, engine.pool.free < L4.blocks]).toEqual([true, true]);
    submission.abort();
    expect([engine.running, engine.pool.free]).toEqual([0, L4.blocks]);
    clock.advance(1000);
    expect([arrived.length, clock.timers]).toEqual([before, 0]);
  });

  test("abort on the way in keeps a request out of the engine", () => {
    const { clock, engine, submit } = started();
    submit(tokens(100), 50).abort();
    clock.advance(1000);
    expect([engine.counters.prefixCacheQueries, clock.timers]).toEqual([0, 0]);
  });

  test("close leaves no timer", () => {
    const { clock, driver, arrived, submit } = started();
    submit(tokens(100), 50);
    clock.advance(50);
    driver.close();
    clock.advance(1000);
    expect([arrived.length, clock.timers]).toEqual([0, 0]);
  });
});

describe("tokens that reach the client together", () => {
  test("the first comes at once, those after it when so many milliseconds have passed since the last ones", () => {
    const { clock, arrived, submit } = started({ streamBatchMs: 50 });
    submit(tokens(16), 12);
    clock.advance(1000);
    const times = arrived.map(({ atMs }) => atMs);
    const alone = started();
    alone.submit(tokens(16), 12);
    alone.clock.advance(1000);
    const out = alone.arrived.map(({ atMs }) => atMs);
    expect(times[0]).toBe(out[0]);
    // A step takes 14 ms and a little, so three or four come together.
    expect([...new Set(times)].map((at, i, all) => (i === 0 ? 50 : at - all[i - 1]!))).toEqual([50, 50, 50, 50, 50]);
    times.forEach((at, i) => {
      expect(at).toBeGreaterThanOrEqual(out[i]!);
      expect(at).toBeLessThanOrEqual(out[i]! + 50);
    });
    expect(arrived.map(({ index }) => index)).toEqual(out.map((_, i) => i));
  });
});

describe("a replica that is slowed down", () => {
  test("takes so many times longer for all that begins meanwhile", () => {
    const { clock, arrived, submit } = started({ slowdown: (atMs) => (atMs < 100 ? 3 : 1) });
    submit(tokens(16), 3);
    clock.advance(1000);
    const inMs = 3 * 28;
    const firstMs = inMs + 3 * (14 + 0.07 * 16 + 1.7e-6 * 16 * 8);
    const secondMs = firstMs + 14 + 0.055 + 1.06e-4 * 16;
    expect(arrived[0]!.atMs).toBe(Math.ceil(firstMs + 12));
    expect(arrived[1]!.atMs).toBe(Math.ceil(secondMs + 12));
  });
});
