import fc from "fast-check";
import type { Candidates } from "./adapter.js";

/** A call on a tree under test, as plain data: a counterexample prints as what can be run. */
export type Call =
  | { do: "addTenants"; tenants: string[]; timeS: number }
  | { do: "insert"; text: string; tenant: string; timeS: number }
  | { do: "match"; text: string; candidates: Candidates }
  | { do: "matchEach"; text: string; tenants: string[] }
  | { do: "matchThenInsert"; text: string; candidates: Candidates; timeS: number }
  | { do: "insertRevocable"; text: string; tenant: string; timeS: number }
  /** Takes back the revocable insert made `back` revocable inserts ago; without one, nothing. */
  | { do: "revoke"; back: number }
  | { do: "remove"; tenants: string[] }
  | { do: "evict"; tenant: string; minRemoveSize: number }
  | { do: "smallest"; candidates: Candidates }
  | { do: "sweep"; evictionThreshold: number; evictionTarget: number };

export interface CallsOptions {
  text: fc.Arbitrary<string>;
  /** How many tenants there can be; all are there at first. Default: 1 to 5. */
  tenants?: fc.Arbitrary<number>;
  /** How times follow each other; the default draws one of the four for each sequence. */
  pace?: Pace;
  /** How much more often than by default tenants are removed and added. Default: 1. */
  turnover?: number;
  /** The most calls in a sequence. Default: 100. */
  most?: number;
}

export type Pace = "increasing" | "decreasing" | "equal" | "few";

/** Sequences of calls on one tree. */
export function calls(options: CallsOptions): fc.Arbitrary<Call[]> {
  const { text, tenants = fc.integer({ min: 1, max: 5 }), pace, turnover = 1, most = 100 } = options;
  return fc
    .record({
      tenants,
      pace: pace === undefined ? fc.constantFrom<Pace>("increasing", "decreasing", "equal", "few") : fc.constant(pace),
      lists: fc.array(fc.array(fc.nat(999), { maxLength: 8 }), { minLength: 3, maxLength: 3 }),
      steps: fc.array(step(text, turnover), { minLength: 1, maxLength: most, size: "max" }),
    })
    .map(toCalls);
}

interface Step {
  kind: Call["do"];
  text: string;
  /** These choose by their remainders. */
  tenant: number;
  list: number;
  time: number;
  size: number;
}

function step(text: fc.Arbitrary<string>, turnover: number): fc.Arbitrary<Step> {
  return fc.record({
    kind: fc.oneof(
      weighted("insert", 12),
      weighted("match", 8),
      weighted("matchEach", 1),
      weighted("matchThenInsert", 2),
      weighted("insertRevocable", 2),
      weighted("revoke", 1),
      weighted("evict", 3),
      weighted("smallest", 1),
      weighted("sweep", 1),
      weighted("remove", turnover),
      weighted("addTenants", 2 * turnover),
    ),
    text,
    tenant: fc.nat(999),
    list: fc.nat(999),
    time: fc.nat(999),
    size: fc.oneof(
      { arbitrary: fc.nat(12), weight: 7 },
      { arbitrary: fc.nat(40_000), weight: 2 },
      { arbitrary: fc.constant(Number.MAX_SAFE_INTEGER), weight: 1 },
    ),
  });
}

function weighted(kind: Call["do"], weight: number): fc.WeightedArbitrary<Call["do"]> {
  return { arbitrary: fc.constant(kind), weight };
}

interface Sequence {
  tenants: number;
  pace: Pace;
  lists: number[][];
  steps: Step[];
}

function toCalls({ tenants, pace, lists, steps }: Sequence): Call[] {
  const names = Array.from({ length: tenants }, (_, i) => `t${i}`);
  // The last stands for a tenant that never is.
  const listed = [...names, "ghost"];
  const listsOfNames = lists.map((list) => list.map((number) => listed[number % listed.length]!));
  const calls = steps.map((step, index) => toCall(step, timeAt(pace, index, step.time), names, listsOfNames));
  return [{ do: "addTenants", tenants: names, timeS: 0 }, ...calls];
}

function toCall(step: Step, timeS: number, names: string[], lists: string[][]): Call {
  const { kind, text, list, size } = step;
  const tenant = step.tenant === 999 ? "ghost" : names[step.tenant % names.length]!;
  const some = lists[list % lists.length]!;
  const candidates = list % 4 === 0 ? null : { names: some, prepared: list % 2 === 0 };
  switch (kind) {
    case "addTenants": {
      const tenants = (list % 2 === 0 ? some : [tenant]).filter((name) => name !== "ghost");
      return { do: kind, tenants, timeS };
    }
    case "insert":
    case "insertRevocable":
      return { do: kind, text, tenant, timeS };
    case "match":
      return { do: kind, text, candidates };
    case "matchEach":
      return { do: kind, text, tenants: some };
    case "matchThenInsert":
      return { do: kind, text, candidates, timeS };
    case "revoke":
      return { do: kind, back: size % 3 };
    case "remove":
      return { do: kind, tenants: list % 8 === 0 ? some : [tenant] };
    case "evict":
      return { do: kind, tenant, minRemoveSize: size };
    case "smallest":
      return { do: kind, candidates };
    case "sweep":
      return { do: kind, evictionThreshold: size, evictionTarget: list % 4 === 0 ? size + 1 : Math.floor(size / 2) };
  }
}

function timeAt(pace: Pace, index: number, drawn: number): number {
  if (pace === "increasing") return index;
  if (pace === "decreasing") return -index;
  return pace === "equal" ? 7 : drawn % 3;
}
