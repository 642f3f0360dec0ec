/** The engines' own metrics of the reference's `vllm_*_sweep_results.csv`, in its order. */
export const ENGINE_METRICS = [
  "prompt_tokens_total",
  "generation_tokens_total",
  "request_success_total",
  "time_to_first_token_seconds",
  "time_per_output_token_seconds",
  "e2e_request_latency_seconds",
  "request_queue_time_seconds",
  "request_inference_time_seconds",
  "request_prefill_time_seconds",
  "request_decode_time_seconds",
] as const;

export type EngineMetric = (typeof ENGINE_METRICS)[number];

/** Of one replica or of the average of all; null where it does not say. Counts, and means of what histograms have in seconds. */
export type EngineFigures = Readonly<Record<EngineMetric, number | null>>;

/** A sample of a metrics page. */
export interface Sample {
  readonly name: string;
  /** Name and labels, as they stand there. */
  readonly series: string;
  readonly value: number;
}

/** Reads Prometheus' text format: every sample, its labels left as they are. */
export function readSamples(page: string): Sample[] {
  return page.split("\n").flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(\{.*\})?\s+(\S+)(?:\s+-?\d+)?\s*$/.exec(line);
    if (match === null) return [];
    const [, name, labels = "", value] = match;
    return [{ name: name!, series: name! + labels, value: number(value!) }];
  });
}

/** All samples that one page has for a name without what Ray (`ray_`), vLLM (`vllm:`, by Ray `vllm_`) and SGLang put before it. */
function sumOf(samples: readonly Sample[], name: string): number | null {
  const named = new RegExp(`^(?:ray_)?(?:(?:vllm|sglang)[:_])?${name}$`);
  const found = samples.filter((sample) => named.test(sample.name));
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0);
}

/** vLLM's newer name of what was renamed. */
const RENAMED: Partial<Record<EngineMetric, string>> = { time_per_output_token_seconds: "inter_token_latency_seconds" };

/**
 * What a replica did between two scrapes: growth of its counters, and of its histograms the mean of what was observed.
 * @param before null: since its start.
 */
export function engineFigures(before: readonly Sample[] | null, after: readonly Sample[]): EngineFigures {
  const growth = (name: string) => {
    const end = sumOf(after, name);
    return end === null ? null : end - ((before === null ? null : sumOf(before, name)) ?? 0);
  };
  const figure = (metric: EngineMetric): number | null => {
    if (metric.endsWith("_total")) return growth(metric);
    const name = growth(`${metric}_count`) === null ? (RENAMED[metric] ?? metric) : metric;
    const [sum, count] = [growth(`${name}_sum`), growth(`${name}_count`)];
    return sum === null || count === null || count === 0 ? null : sum / count;
  };
  return figuresBy(figure);
}

/** The average over the replicas that say it. */
export function averageFigures(replicas: readonly EngineFigures[]): EngineFigures {
  return figuresBy((metric) => {
    const told = replicas.map((figures) => figures[metric]).filter((value) => value !== null);
    return told.length === 0 ? null : told.reduce((sum, value) => sum + value, 0) / told.length;
  });
}

function figuresBy(figure: (metric: EngineMetric) => number | null): EngineFigures {
  return Object.fromEntries(ENGINE_METRICS.map((metric) => [metric, figure(metric)])) as Record<
    EngineMetric,
    number | null
  >;
}

function number(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}
