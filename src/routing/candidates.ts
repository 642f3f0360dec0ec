import type { Replica } from "./replica.js";
import type { ReplicaSet } from "./replica-set.js";
import type { RouteRequest } from "./request-key.js";

/** Which replicas may serve a request. */
export interface CandidateOptions {
  /** Ids of replicas not to choose: those that a retry has tried already. */
  exclude?: ReadonlySet<string>;
  /** Labels that a replica must have, with these values. */
  labels?: Readonly<Record<string, string>>;
}

/** Where the router runs. */
export interface Locality {
  /** The machine. Replicas on it are preferred while one of them has room. */
  node?: string;
  /** The zone. Replicas in it come next, then all others. */
  zone?: string;
}

/**
 * Why a replica was not among the candidates: the caller excluded it, it serves other models, it lacks a label, it has no room, or
 * one that is nearer had.
 */
export type Exclusion = "excluded" | "other_model" | "other_labels" | "full" | "farther";

/** By what `Excluded` keeps; null: it is a candidate. */
export const EXCLUSIONS: readonly (Exclusion | null)[] = [
  null,
  "excluded",
  "other_model",
  "other_labels",
  "full",
  "farther",
];

/** What a request asks of a replica. */
export interface Wanted {
  readonly exclude: ReadonlySet<string> | undefined;
  readonly labels: readonly (readonly [string, string])[] | undefined;
  readonly model: string | undefined;
}

/** The replicas to choose from. */
export interface Selection {
  readonly replicas: readonly Replica[];
  /** Whether these are all that the router has. */
  readonly every: boolean;
  /** All that it has, and for each a number in `EXCLUSIONS`; null when nothing speaks against any. */
  readonly excluded: Excluded | null;
}

const ANY: Wanted = { exclude: undefined, labels: undefined, model: undefined };

/** @param withModel whether to look for the model: where no replica has one, only for a request that may wait until some do. */
export function wantedOf(
  withModel: boolean,
  request: RouteRequest,
  options: CandidateOptions & { model?: string },
): Wanted {
  const { exclude, labels } = options;
  const model = withModel ? modelOf(request, options.model) : undefined;
  if (model === undefined && exclude === undefined && labels === undefined) return ANY;
  return { exclude, labels: labels === undefined ? undefined : Object.entries(labels), model };
}

/**
 * The replicas with room that may serve a request: the nearest of them, beginning with the tier that the attempt has
 * come to, as in Ray Serve's base router (node once, then zone once, then all). All of them where nothing speaks against any, since
 * that needs no new list.
 */
export function select(set: ReplicaSet, wanted: Wanted, locality: Locality | null, attempt: number): Selection {
  const { all } = set;
  if (suitsAll(set, wanted) && locality === null && set.full === 0)
    return { replicas: all, every: true, excluded: null };
  const codes = new Uint8Array(all.length);
  const tier = locality === null ? MOST_TIERS : nearestTier(all, wanted, locality, attempt);
  const replicas = all.slice();
  let count = 0;
  // By the few that are excluded, since asking the set for each of many takes longer than all the rest.
  for (const id of wanted.exclude ?? []) {
    const replica = set.get(id);
    if (replica !== undefined) codes[replica.index] = EXCLUDED;
  }
  const asksMore = wanted.model !== undefined || wanted.labels !== undefined;
  for (let i = 0; i < all.length; i++) {
    const replica = all[i]!;
    let code = codes[i]!;
    if (code === 0 && asksMore) code = refusal(replica, wanted);
    if (code === 0 && !replica.hasRoom) code = FULL;
    if (code === 0 && tier < MOST_TIERS && distance(replica, locality!) > tier) code = FARTHER;
    if (code === 0) replicas[count++] = replica;
    else codes[i] = code;
  }
  replicas.length = count;
  return { replicas, every: count === all.length, excluded: new Excluded(all, codes) };
}

function suitsAll({ someHaveModel }: ReplicaSet, wanted: Wanted): boolean {
  return wanted === ANY || (!someHaveModel && wanted.exclude === undefined && wanted.labels === undefined);
}

/** Whether a replica may serve a request once it has room. */
export function mayServe(replica: Replica, wanted: Wanted): boolean {
  return wanted === ANY || refusal(replica, wanted) === 0;
}

/** Which replicas were no candidates, and why. */
export class Excluded {
  readonly #all: readonly Replica[];
  readonly #codes: Uint8Array;

  constructor(all: readonly Replica[], codes: Uint8Array) {
    this.#all = all;
    this.#codes = codes;
  }

  /** Built when asked for. */
  list(): { replica: Replica; why: Exclusion }[] {
    return this.#all.flatMap((replica, i) => {
      const why = EXCLUSIONS[this.#codes[i]!]!;
      return why === null ? [] : [{ replica, why }];
    });
  }

  /** Those that would be candidates if they had room. */
  full(): Replica[] {
    return this.#all.filter((_, i) => this.#codes[i] === FULL);
  }

  count(why: Exclusion): number {
    const code = EXCLUSIONS.indexOf(why);
    return this.#codes.reduce((count, each) => (each === code ? count + 1 : count), 0);
  }
}

// Places in EXCLUSIONS.
const EXCLUDED = 1;
const OTHER_MODEL = 2;
const OTHER_LABELS = 3;
const FULL = 4;
const FARTHER = 5;
/** Same node, same zone, anywhere. */
const MOST_TIERS = 2;

function refusal(replica: Replica, { exclude, model, labels }: Wanted): number {
  if (exclude?.has(replica.id)) return EXCLUDED;
  if (model !== undefined && replica.model !== undefined && !serves(replica.model, model)) return OTHER_MODEL;
  if (labels?.some(([name, value]) => replica.labels?.[name] !== value)) return OTHER_LABELS;
  return 0;
}

function serves(models: string | readonly string[], model: string): boolean {
  return typeof models === "string" ? models === model : models.includes(model);
}

function distance(replica: Replica, { node, zone }: Locality): number {
  if (node !== undefined && replica.node === node) return 0;
  return zone !== undefined && replica.zone === zone ? 1 : MOST_TIERS;
}

/** The nearest tier, from the attempt's on, that holds a replica with room. */
function nearestTier(all: readonly Replica[], wanted: Wanted, locality: Locality, attempt: number): number {
  let nearest = MOST_TIERS;
  for (const replica of all) {
    if (replica.hasRoom && refusal(replica, wanted) === 0) nearest = Math.min(nearest, distance(replica, locality));
  }
  return Math.max(nearest, Math.min(attempt, MOST_TIERS));
}

/** @internal */
export function modelOf(request: RouteRequest, given: string | undefined): string | undefined {
  if (given !== undefined) return given;
  try {
    const { model } = request as { model?: unknown };
    return typeof model === "string" ? model : undefined;
  } catch {
    return undefined;
  }
}
