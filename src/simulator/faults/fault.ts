/** When a fault begins, how long it lasts and what it concerns. Times are simulated milliseconds. */
export interface FaultWindow {
  /** Begins so long after it was given: to `faults` from the replica's start on, else from the call on. Default: 0. */
  atMs?: number;
  /** Lasts so long. Default: until it is cleared; of `restart` 0. */
  forMs?: number;
  /** Is over when it has met so many requests. Default: no limit. */
  requests?: number;
  /** Meets only this share of the requests, 0 to 1, by chance that is the same each time. Default: 1. */
  share?: number;
  /** Concerns only these paths, such as `/v1/completions`. Default: all but `/admin/faults`. */
  paths?: readonly string[];
}

/** What can be made to go wrong. */
export type FaultKind =
  /** Connections are closed without an answer. */
  | { kind: "refuse" }
  /** Requests are answered with this status (400 to 599), 503 by default. */
  | { kind: "status"; status?: number; message?: string }
  /** Requests are taken and not answered before it is over. */
  | { kind: "hang" }
  /** All takes `factor` times longer, above 0. */
  | { kind: "slow"; factor: number }
  /** Answers are cut after so many tokens, 0 or more (default 3): a stream breaks, a whole answer never comes. */
  | { kind: "cut"; afterTokens?: number }
  /** What is under way is cut; an empty cache and metrics at 0; for `forMs` connections are closed. */
  | { kind: "restart" }
  /** `/metrics` and `/load` tell these instead of what is so; what is not given is told as it is. */
  | { kind: "load"; running?: number; waiting?: number; cacheUsage?: number };

/** A fault on demand. */
export type Fault = FaultWindow & FaultKind;

/** The figures of each kind: least, most, whether it must be whole, whether it must be there. */
const FIGURES: Readonly<Record<FaultKind["kind"], Readonly<Record<string, Range>>>> = {
  refuse: {},
  status: { status: { least: 400, most: 599, whole: true } },
  hang: {},
  slow: { factor: { above: 0, required: true } },
  cut: { afterTokens: { least: 0, whole: true } },
  restart: {},
  load: {
    running: { least: 0, whole: true },
    waiting: { least: 0, whole: true },
    cacheUsage: { least: 0, most: 1 },
  },
};

interface Range {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly whole?: boolean;
  readonly required?: boolean;
}

/** @throws TypeError or RangeError that names what is missing or wrong; `name` is how the fault is called in it. */
export function checkedFault(fault: unknown, name: string): Fault {
  if (typeof fault !== "object" || fault === null || Array.isArray(fault)) {
    throw new TypeError(`${name} must be an object, not ${JSON.stringify(fault)}`);
  }
  const fields = fault as Record<string, unknown>;
  const { kind } = fields;
  if (typeof kind !== "string" || !Object.hasOwn(FIGURES, kind)) {
    throw new TypeError(`${name}.kind must be one of ${Object.keys(FIGURES).join(", ")}, not ${JSON.stringify(kind)}`);
  }
  const figures: Record<string, Range> = {
    ...FIGURES[kind as FaultKind["kind"]],
    atMs: { least: 0 },
    forMs: { least: 0 },
    requests: { least: 1, whole: true },
    share: { least: 0, most: 1 },
  };
  for (const [field, range] of Object.entries(figures)) checkFigure(fields[field], range, `${name}.${field}`);
  const texts = kind === "status" ? ["message"] : [];
  if (fields.message !== undefined && texts.length > 0 && typeof fields.message !== "string") {
    throw new TypeError(`${name}.message must be a string, not ${JSON.stringify(fields.message)}`);
  }
  const { paths } = fields;
  if (paths !== undefined && !(Array.isArray(paths) && paths.every((path) => typeof path === "string"))) {
    throw new TypeError(`${name}.paths must be an array of paths, not ${JSON.stringify(paths)}`);
  }
  const known = ["kind", "paths", ...texts, ...Object.keys(figures)];
  const unknown = Object.keys(fields).find((field) => !known.includes(field));
  if (unknown !== undefined) {
    throw new TypeError(`${name}.${unknown} means nothing to ${kind}, which takes ${known.join(", ")}`);
  }
  return { ...fields } as unknown as Fault;
}

function checkFigure(value: unknown, range: Range, name: string): void {
  if (value === undefined && range.required !== true) return;
  const { least, above, most = Number.MAX_VALUE, whole = false } = range;
  const fits =
    typeof value === "number" &&
    (above === undefined ? value >= least! : value > above) &&
    value <= most &&
    (!whole || Number.isInteger(value));
  if (fits) return;
  const bounds =
    above === undefined ? `${least} ${most === Number.MAX_VALUE ? "or more" : `to ${most}`}` : `above ${above}`;
  const kind = typeof value === "number" ? RangeError : TypeError;
  throw new kind(`${name} must be a ${whole ? "whole " : ""}number, ${bounds}, not ${JSON.stringify(value)}`);
}
