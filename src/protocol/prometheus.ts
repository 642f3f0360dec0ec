/** Prometheus' text exposition format, version 0.0.4: counters, gauges and histograms with labels. */

export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A value for each label name that the metric was made with. */
export type Labels = Readonly<Record<string, string>>;

/** A number that only grows. Its name ends in `_total`. */
export interface Counter {
  /** @param by 0 or more; default 1. */
  inc(labels?: Labels, by?: number): void;
}

/** A number that goes up and down. */
export interface Gauge {
  set(labels: Labels, value: number): void;
}

/** Observations counted in buckets. */
export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/**
 * The metrics of one endpoint, exposed in the order in which they were made; one without label names of its own from the
 * start, as zero.
 */
export class MetricRegistry {
  readonly #metrics = new Map<string, Metric>();
  readonly #common: Labels;

  /** @param commonLabels those that every series has, before its own. */
  constructor(commonLabels: Labels = {}) {
    this.#common = commonLabels;
  }

  counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    const metric = this.#add(new Metric(this.#common, "counter", name, help, labelNames, []));
    return {
      inc(labels = {}, by = 1) {
        if (!(by >= 0)) throw new RangeError(`${name} can grow by 0 or more, not by ${by}`);
        metric.series(labels).value += by;
      },
    };
  }

  gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    const metric = this.#add(new Metric(this.#common, "gauge", name, help, labelNames, []));
    return {
      set(labels, value) {
        metric.series(labels).value = value;
      },
    };
  }

  /** @param buckets their upper bounds, ascending; the one without a bound is added. */
  histogram(name: string, help: string, labelNames: readonly string[], buckets: readonly number[]): Histogram {
    if (!buckets.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > buckets[i - 1]!))) {
      throw new RangeError(`the buckets of ${name} must be finite and ascend, not ${buckets.join(", ")}`);
    }
    const metric = this.#add(new Metric(this.#common, "histogram", name, help, labelNames, buckets));
    return {
      observe(labels, value) {
        const series = metric.series(labels);
        series.value += value;
        series.count++;
        const bucket = buckets.findIndex((bound) => value <= bound);
        if (bucket >= 0) series.buckets[bucket]!++;
      },
    };
  }

  /** Lets every series go that has all of these labels: what they name is gone. */
  drop(labels: Labels): void {
    for (const metric of this.#metrics.values()) metric.drop(Object.entries(labels));
  }

  expose(): string {
    return [...this.#metrics.values()].map((metric) => metric.expose()).join("");
  }

  /** What `expose` gives now, to be written when it is asked for: of a replica's metrics 10 µs for the numbers, not 300 for the text. */
  snapshot(): () => string {
    const metrics = [...this.#metrics.values()].map((metric) => metric.copy());
    return () => metrics.map((metric) => metric.expose()).join("");
  }

  #add(metric: Metric): Metric {
    if (this.#metrics.has(metric.name)) throw new RangeError(`there is a metric ${metric.name} already`);
    this.#metrics.set(metric.name, metric);
    return metric;
  }
}

interface Series {
  readonly labels: Labels;
  /** Of a histogram: the sum of what was observed. */
  value: number;
  count: number;
  /** How many observations lie in each bucket and in none below. */
  readonly buckets: number[];
}

/** Maps by a label's value, as many deep as there are labels; the last one's values are series. */
type SeriesIndex = Map<string, SeriesIndex | Series>;

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

class Metric {
  readonly name: string;
  readonly #type: string;
  readonly #help: string;
  readonly #common: Labels;
  readonly #labelNames: readonly string[];
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();
  /** The same by one label value after the other, a map in a map: the values are not joined, nor hashed again, for each count. */
  #index: SeriesIndex = new Map();

  constructor(
    common: Labels,
    type: string,
    name: string,
    help: string,
    labelNames: readonly string[],
    bounds: readonly number[],
  ) {
    if (!NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name for a metric`);
    const wrong = [...Object.keys(common), ...labelNames].find((label) => !LABEL_NAME.test(label) || label === "le");
    if (wrong !== undefined) throw new RangeError(`${JSON.stringify(wrong)} is no name for a label`);
    this.name = name;
    this.#type = type;
    this.#help = help;
    this.#common = common;
    this.#labelNames = labelNames;
    this.#bounds = bounds;
    if (labelNames.length === 0) this.series({});
  }

  copy(): Metric {
    const copy = new Metric(this.#common, this.#type, this.name, this.#help, this.#labelNames, this.#bounds);
    for (const [key, series] of this.#series) copy.#series.set(key, { ...series, buckets: [...series.buckets] });
    copy.#index = new Map();
    return copy;
  }

  series(labels: Labels): Series {
    let index = this.#index;
    const last = this.#labelNames.length - 1;
    for (let i = 0; i < last; i++) {
      const value = labels[this.#labelNames[i]!] ?? "";
      let next = index.get(value) as SeriesIndex | undefined;
      if (next === undefined) {
        next = new Map();
        index.set(value, next);
      }
      index = next;
    }
    const value = last < 0 ? "" : (labels[this.#labelNames[last]!] ?? "");
    let series = index.get(value) as Series | undefined;
    if (series === undefined) {
      series = this.#listed(labels);
      index.set(value, series);
    }
    return series;
  }

  #listed(labels: Labels): Series {
    const values = this.#labelNames.map((label) => labels[label] ?? "");
    const key = JSON.stringify(values);
    let series = this.#series.get(key);
    if (series === undefined) {
      const entries = this.#labelNames.map((label, i) => [label, values[i]!]);
      const all = { ...this.#common, ...Object.fromEntries(entries) };
      series = { labels: all, value: 0, count: 0, buckets: this.#bounds.map(() => 0) };
      this.#series.set(key, series);
    }
    return series;
  }

  drop(labels: readonly (readonly [string, string])[]): void {
    for (const [key, series] of this.#series) {
      if (labels.every(([name, value]) => series.labels[name] === value)) this.#series.delete(key);
    }
    this.#index = new Map();
  }

  expose(): string {
    const { name } = this;
    let text = `# HELP ${name} ${escapeHelp(this.#help)}\n# TYPE ${name} ${this.#type}\n`;
    for (const series of this.#series.values()) {
      if (this.#type === "histogram") text += this.#exposeHistogram(series);
      else text += `${name}${labelText(series.labels)} ${numberText(series.value)}\n`;
    }
    return text;
  }

  #exposeHistogram({ labels, value, count, buckets }: Series): string {
    const { name } = this;
    let below = 0;
    let text = "";
    this.#bounds.forEach((bound, i) => {
      below += buckets[i]!;
      text += `${name}_bucket${labelText({ ...labels, le: numberText(bound) })} ${below}\n`;
    });
    text += `${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${count}\n`;
    return `${text}${name}_sum${labelText(labels)} ${numberText(value)}\n${name}_count${labelText(labels)} ${count}\n`;
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
