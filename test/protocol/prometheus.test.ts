import { describe, expect, test } from "vitest";
import { MetricRegistry, PROMETHEUS_CONTENT_TYPE } from "../../src/protocol/index.js";

describe("MetricRegistry", () => {
  test("exposes counters, gauges and histograms in the order in which they were made", () => {
    const registry = new MetricRegistry();
    const requests = registry.counter("requests_total", "Requests, by their outcome.", ["outcome", "replica"]);
    const queue = registry.gauge("queue_length", "Requests that wait.");
    const seconds = registry.histogram("wait_seconds", "How long they wait.", [], [0.1, 0.5, 2]);

    requests.inc({ replica: "a", outcome: "completed" });
    requests.inc({ outcome: "failed", replica: "b" }, 2);
    requests.inc({ outcome: "completed", replica: "a" });
    queue.set({}, 3.5);
    for (const wait of [0.25, 0.1, 0.5, 60, 0.05]) seconds.observe({}, wait);

    expect(registry.expose()).toBe(`# HELP requests_total Requests, by their outcome.
# TYPE requests_total counter
requests_total{outcome="completed",replica="a"} 2
requests_total{outcome="failed",replica="b"} 2
# HELP queue_length Requests that wait.
# TYPE queue_length gauge
queue_length 3.5
# HELP wait_seconds How long they wait.
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.1"} 2
wait_seconds_bucket{le="0.5"} 4
wait_seconds_bucket{le="2"} 4
wait_seconds_bucket{le="+Inf"} 5
wait_seconds_sum 60.9
wait_seconds_count 5
`);
  });

  test("exposes a metric without labels as zero before anything has happened", () => {
    const registry = new MetricRegistry();
    registry.counter("a_total", "A.");
    registry.histogram("b", "B.", [], [1]);
    registry.gauge("c", "C.", ["label"]);
    expect(registry.expose()).toBe(`# HELP a_total A.
# TYPE a_total counter
a_total 0
# HELP b B.
# TYPE b histogram
b_bucket{le="1"} 0
b_bucket{le="+Inf"} 0
b_sum 0
b_count 0
# HELP c C.
# TYPE c gauge
`);
  });

  test("gives every series the labels that all have, before its own", () => {
    const registry = new MetricRegistry({ engine: "0" });
    registry.counter("a_total", "A.");
    registry.gauge("b", "B.", ["replica"]).set({ replica: "r" }, 1);
    expect(registry.expose()).toContain('a_total{engine="0"} 0\n');
    expect(registry.expose()).toContain('b{engine="0",replica="r"} 1\n');
    expect(() => new MetricRegistry({ "a-b": "" }).counter("a_total", "A.")).toThrow(/"a-b" is no name for a label/);
  });

  test("gives a histogram's labels before the bucket's bound", () => {
    const registry = new MetricRegistry();
    registry.histogram("h", "H.", ["replica"], [1]).observe({ replica: "a" }, 2);
    expect(registry.expose()).toContain('h_bucket{replica="a",le="1"} 0\nh_bucket{replica="a",le="+Inf"} 1\n');
  });

  test("escapes label values and help texts", () => {
    const registry = new MetricRegistry();
    registry.gauge("g", 'A "quoted"\nhelp with \\.', ["name"]).set({ name: 'a "b"\n\\c' }, 1);
    expect(registry.expose()).toBe(`# HELP g A "quoted"\\nhelp with \\\\.
# TYPE g gauge
g{name="a \\"b\\"\\n\\\\c"} 1
`);
  });

  test("writes infinite values and those that are no numbers as Prometheus does", () => {
    const registry = new MetricRegistry();
    const gauge = registry.gauge("g", "G.", ["of"]);
    gauge.set({ of: "a" }, Number.POSITIVE_INFINITY);
    gauge.set({ of: "b" }, Number.NEGATIVE_INFINITY);
    gauge.set({ of: "c" }, Number.NaN);
    expect(registry.expose()).toContain('g{of="a"} +Inf\ng{of="b"} -Inf\ng{of="c"} NaN\n');
  });

  test("takes a label that is left out as empty", () => {
    const registry = new MetricRegistry();
    registry.counter("a_total", "A.", ["label"]).inc();
    expect(registry.expose()).toContain('a_total{label=""} 1\n');
  });

  test.each<[string, RegExp, (registry: MetricRegistry) => void]>([
    ["a name with a space", /"a b" is no name for a metric/, (to) => to.counter("a b", "")],
    ["an empty name", /"" is no name/, (to) => to.gauge("", "")],
    ["a label with a colon", /"a:b" is no name for a label/, (to) => to.gauge("a", "", ["a:b"])],
    ["a label le", /"le" is no name for a label/, (to) => to.histogram("a", "", ["le"], [1])],
    [
      "buckets that do not ascend",
      /buckets of a must be finite and ascend, not 1, 1/,
      (to) => to.histogram("a", "", [], [1, 1]),
    ],
    [
      "a bucket without a bound",
      /buckets of a must be finite and ascend, not 1, Inf/,
      (to) => to.histogram("a", "", [], [1, 1 / 0]),
    ],
    [
      "a bucket that is no number",
      /buckets of a must be finite and ascend, not NaN/,
      (to) => to.histogram("a", "", [], [Number.NaN]),
    ],
  ])("refuses %s", (_, message, make) => {
    expect(() => make(new MetricRegistry())).toThrow(RangeError);
    expect(() => make(new MetricRegistry())).toThrow(message);
  });

  test("refuses a name that it has", () => {
    const registry = new MetricRegistry();
    registry.counter("a_total", "A.");
    expect(() => registry.gauge("a_total", "A.")).toThrow(/there is a metric a_total already/);
  });

  test("refuses to let a counter fall, and leaves it as it was", () => {
    const registry = new MetricRegistry();
    const counter = registry.counter("a_total", "A.");
    counter.inc({}, 2);
    expect(() => counter.inc({}, -1)).toThrow(/a_total can grow by 0 or more, not by -1/);
    expect(() => counter.inc({}, Number.NaN)).toThrow(RangeError);
    expect(registry.expose()).toContain("a_total 2\n");
  });

  test("names version 0.0.4 of the text format", () => {
    expect(PROMETHEUS_CONTENT_TYPE).toBe("text/plain; version=0.0.4; charset=utf-8");
  });
});

test("a snapshot goes on to say what was so when it was taken", () => {
  const registry = new MetricRegistry({ model: "a" });
  const counter = registry.counter("requests_total", "Requests.", ["how"]);
  const histogram = registry.histogram("seconds", "Seconds.", [], [1, 2]);
  counter.inc({ how: "well" });
  histogram.observe({}, 1.5);
  const before = registry.expose();
  const snapshot = registry.snapshot();
  counter.inc({ how: "well" });
  counter.inc({ how: "badly" });
  histogram.observe({}, 0.5);
  expect(snapshot()).toBe(before);
  expect(registry.expose()).not.toBe(before);
});
