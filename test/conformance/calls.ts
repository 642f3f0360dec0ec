import fc from "../properties.js";
import type { Bounds, Candidates, Text } from "./adapter.js";

/** Calls on one new tree, as plain data: a counterexample prints as what can be run. */
export interface Sequence {
  bounds: Bounds;
  calls: Call[];
}

export type Call =
  | { do: "addTenants"; tenants: string[]; timeS: number }
  | { do: "insert"; text: Text; tenant: string; timeS: number; namespace?: string }
  | { do: "match"; text: Text; candidates: Candidates; timeS: number; namespace?: string }
  | { do: "matchEach"; text: string; tenants: string[]; timeS: number; namespace?: string }
  | { do: "matchThenInsert"; text: string; candidates: Candidates; timeS: number; namespace?: string }
  | { do: "insertRevocable"; text: string; tenant: string; timeS: number; namespace?: string }
  /** Takes back the revocable insert made `back` revocable inserts ago; without one, nothing. */
  | { do: "revoke"; back: number }
  | { do: "remove"; tenants: string[] }
  | { do: "evict"; tenant: string; minRemoveSize: number }
  | { do: "smallest"; candidates: Candidates }
  | { do: "sweep"; evictionThreshold: number; evictionTarget: number }
  | { do: "expire"; timeS: number }
  | { do: "compact" }
  /** Takes over what another tree has, on which these calls were made. */
  | { do: "merge"; other: Call[] }
  /** Goes on as a tree restored from this one's snapshot. */
  | { do: "restart" };

export interface CallsOptions {
  text: fc.Arbitrary<string>;
  /** Default: no inserts and matches of tokens. */
  tokens?: fc.Arbitrary<number[]>;
  /** How many tenants there can be; all are there at first. Default: 1 to 5. */
  tenants?: fc.Arbitrary<number>;
  /** The namespaces that there can be. Default: the tree's own alone. */
  namespaces?: readonly (string | undefined)[];
  /** Default: none. */
  bounds?: fc.Arbitrary<Bounds>;
  /** How times follow each other; the default draws one of the four for each sequence. */
  pace?: Pace;
  /** How often a kind of call is drawn, where that differs from `WEIGHTS`. */
  weights?: Partial<Record<Call["do"], number>>;
  /** The fewest calls in a sequence, below which no counterexample can shrink. Default: 1. */
  fewest?: number;
  /** The most calls in a sequence. Default: 100. */
  most?: number;
}

export type Pace = "increasing" | "decreasing" | "equal" | "few";

const WEIGHTS: Record<Call["do"], number> = {
  insert: 12,
  match: 8,
  matchEach: 1,
  matchThenInsert: 2,
  insertRevocable: 2,
  revoke: 1,
  evict: 3,
  smallest: 1,
  sweep: 1,
  remove: 1,
  addTenants: 2,
  expire: 0,
  compact: 0,
  merge: 0,
  restart: 0,
};

/** Of the calls that make a tree to be merged. */
const WEIGHTS_OF_OTHERS = { insert: 12, evict: 1, remove: 1, addTenants: 1 };

/** Sequences of calls on one tree. */
export function calls(options: CallsOptions): fc.Arbitrary<Sequence> {
  const { tenants = fc.integer({ min: 1, max: 5 }), pace, namespaces = [undefined], fewest = 1, most = 100 } = options;
  return fc
    .record({
      bounds: options.bounds ?? fc.constant({}),
      tenants,
      namespaces: fc.constant(namespaces),
      pace: pace === undefined ? fc.constantFrom<Pace>("increasing", "decreasing", "equal", "few") : fc.constant(pace),
      lists: fc.array(fc.array(fc.nat(999), { maxLength: 8 }), { minLength: 3, maxLength: 3 }),
      steps: fc.array(step(options, { ...WEIGHTS, ...options.weights }), {
        minLength: fewest,
        maxLength: most,
        size: "max",
      }),
      others: fc.array(fc.array(step(options, WEIGHTS_OF_OTHERS), { maxLength: 20, size: "max" }), {
        minLength: options.weights?.merge ? 2 : 0,
        maxLength: options.weights?.merge ? 2 : 0,
      }),
    })
    .map(toSequence);
}

interface Step {
  kind: Call["do"];
  text: string;
  /** If any, these go in the text's place where they can. */
  tokens: number[] | null;
  /** These choose by their remainders. */
  tenant: number;
  list: number;
  namespace: number;
  time: number;
  size: number;
}

function step({ text, tokens }: CallsOptions, weights: Partial<Record<Call["do"], number>>): fc.Arbitrary<Step> {
  const kinds = Object.entries(weights) as [Call["do"], number][];
  return fc.record({
    kind: fc.oneof(...kinds.map(([kind, weight]) => ({ arbitrary: fc.constant(kind), weight }))),
    text,
    tokens: tokens === undefined ? fc.constant(null) : fc.option(tokens),
    tenant: fc.nat(999),
    list: fc.nat(999),
    namespace: fc.nat(999),
    time: fc.nat(999),
    size: fc.oneof(
      { arbitrary: fc.nat(12), weight: 7 },
      { arbitrary: fc.nat(40_000), weight: 2 },
      { arbitrary: fc.constant(Number.MAX_SAFE_INTEGER), weight: 1 },
    ),
  });
}

interface Drawn {
  bounds: Bounds;
  tenants: number;
  namespaces: readonly (string | undefined)[];
  pace: Pace;
  lists: number[][];
  steps: Step[];
  /** What makes the trees that are merged into this one. */
  others: Step[][];
}

function toSequence({ bounds, tenants, namespaces, pace, lists, steps, others }: Drawn): Sequence {
  const names = Array.from({ length: tenants }, (_, i) => `t${i}`);
  // The last stands for a tenant that never is.
  const listed = [...names, "ghost"];
  const listsOfNames = lists.map((list) => list.map((number) => listed[number % listed.length]!));
  const callOf = (step: Step, index: number, names: string[]): Call => {
    const timeS = timeAt(pace, index, step.time);
    const { kind } = step;
    if (kind !== "merge") {
      return toCall(kind, step, timeS, names, listsOfNames, namespaces[step.namespace % namespaces.length]);
    }
    const tenants = [...names.slice(0, 2), "newcomer"];
    const calls = others[step.list % others.length]!.map((each) => callOf(each, index, tenants));
    return { do: "merge", other: [{ do: "addTenants", tenants, timeS }, ...calls] };
  };
  const calls = steps.map((step, index) => callOf(step, index, names));
  return { bounds, calls: [{ do: "addTenants", tenants: names, timeS: 0 }, ...calls] };
}

function toCall(
  kind: Exclude<Call["do"], "merge">,
  step: Step,
  timeS: number,
  names: string[],
  lists: string[][],
  name: string | undefined,
): Call {
  const { text, tokens, list, size } = step;
  const tenant = step.tenant === 999 ? "ghost" : names[step.tenant % names.length]!;
  const some = lists[list % lists.length]!;
  const candidates = list % 4 === 0 ? null : { names: some, prepared: list % 2 === 0 };
  const namespace = name === undefined ? {} : { namespace: name };
  switch (kind) {
    case "addTenants": {
      const tenants = (list % 2 === 0 ? some : [tenant]).filter((name) => name !== "ghost");
      return { do: kind, tenants, timeS };
    }
    case "insert":
      return { do: kind, text: tokens ?? text, tenant, timeS, ...namespace };
    case "insertRevocable":
      return { do: kind, text, tenant, timeS, ...namespace };
    case "match":
      return { do: kind, text: tokens ?? text, candidates, timeS, ...namespace };
    case "matchEach":
      return { do: kind, text, tenants: some, timeS, ...namespace };
    case "matchThenInsert":
      return { do: kind, text, candidates, timeS, ...namespace };
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
    case "expire":
      return { do: kind, timeS };
    case "compact":
    case "restart":
      return { do: kind };
  }
}

function timeAt(pace: Pace, index: number, drawn: number): number {
  if (pace === "increasing") return index;
  if (pace === "decreasing") return -index;
  return pace === "equal" ? 7 : drawn % 3;
}
