import type { GatewayState, ModelState, RequestOutcome } from "../../gateway/index.js";

/** How far the charts go back, in seconds. */
export const HISTORY_S = 300;

/** What the charts show of it: as much as there is, in steps. */
export function spanOf(samples: readonly Sample[]): number {
  const longS = samples.length === 0 ? 0 : samples.at(-1)!.atS - samples[0]!.atS;
  return [60, 120, 180].find((span) => longS <= span) ?? HISTORY_S;
}

export type OutcomeGroup = "completed" | "refused" | "failed" | "left";

const GROUPS: Readonly<Record<RequestOutcome, OutcomeGroup>> = {
  completed: "completed",
  replica_error: "failed",
  replica_broke: "failed",
  replica_stalled: "failed",
  no_replica: "failed",
  queue_timeout: "failed",
  unreachable: "failed",
  timed_out: "failed",
  internal_error: "failed",
  bad_request: "refused",
  unauthorized: "refused",
  rate_limited: "refused",
  queue_full: "refused",
  draining: "refused",
  client_left: "left",
  client_stalled: "left",
};

/** What was told at one time. */
export interface Sample {
  /** Seconds, by the page's clock. */
  readonly atS: number;
  readonly uptimeS: number;
  readonly model: ModelState;
  readonly groups: Readonly<Record<OutcomeGroup, number>>;
}

/** The last minutes of each model. */
export class History {
  readonly #samples = new Map<string | null, Sample[]>();

  add(state: GatewayState, atS: number): void {
    for (const model of state.models) {
      const samples = this.#samples.get(model.model) ?? [];
      const last = samples.at(-1);
      // Another gateway, or one that counts from the start again: what came before cannot be compared.
      if (last !== undefined && (state.uptimeS < last.uptimeS || decided(model) < decided(last.model)))
        samples.length = 0;
      samples.push({ atS, uptimeS: state.uptimeS, model, groups: grouped(model) });
      while (samples[0]!.atS < atS - HISTORY_S) samples.shift();
      this.#samples.set(model.model, samples);
    }
  }

  of(model: string | null): readonly Sample[] {
    return this.#samples.get(model) ?? [];
  }
}

/**
 * For each sample what a count has grown by in the seconds before it, by another count or, where there is none, by the time.
 * Null where there is nothing to divide by.
 */
export function rates(
  samples: readonly Sample[],
  windowS: number,
  count: (sample: Sample) => number,
  by: (sample: Sample) => number = ({ atS }) => atS,
): (number | null)[] {
  let begin = 0;
  return samples.map((sample, i) => {
    // The sample that begins the window: the last one that is at least so old, else the first there is.
    while (begin + 1 < i && samples[begin + 1]!.atS <= sample.atS - windowS) begin++;
    const before = samples[begin]!;
    const divisor = by(sample) - by(before);
    return divisor <= 0 ? null : (count(sample) - count(before)) / divisor;
  });
}

function decided({ decisions }: ModelState): number {
  return decisions.decisions;
}

function grouped({ requests }: ModelState): Record<OutcomeGroup, number> {
  const groups = { completed: 0, refused: 0, failed: 0, left: 0 };
  for (const [outcome, count] of Object.entries(requests))
    groups[GROUPS[outcome as RequestOutcome] ?? "failed"] += count;
  return groups;
}
