import { Random } from "../random/index.js";
import { characterCount, nowS, type PrefixTree } from "../tree/index.js";
import { RecordedDecision } from "./decision.js";
import { type Lease, RouterLease } from "./lease.js";
import { checkOptions, type RouterOptions } from "./options.js";
import { POLICIES } from "./policies/index.js";
import type { Policy } from "./policies/policy.js";
import { Replica } from "./replica.js";
import { type RouteRequest, requestText } from "./request-key.js";

/** No replica can be chosen for a request. */
export class NoReplicaError extends Error {
  /** How many replicas there are and have no room, those that were excluded not among them. */
  readonly replicas: number;

  constructor(replicas: number) {
    super(replicas === 0 ? "there is no replica to choose" : `none of ${replicas} replicas has room`);
    this.name = "NoReplicaError";
    this.replicas = replicas;
  }
}

export interface RouteOptions {
  /** Ids of replicas not to choose: those that a retry has tried already. */
  exclude?: ReadonlySet<string>;
}

/**
 * Chooses a replica for each request, by a policy, and keeps count of what is under way where. It sends nothing itself.
 * Same options, seed, times and requests: same decisions, on every runtime.
 */
export class Router {
  readonly replicas: readonly Replica[];
  readonly #policy: Policy;
  readonly #clock: () => number;
  #disposed = false;

  /** @throws TypeError or RangeError that names the option, its value and what is accepted. */
  constructor(options: RouterOptions) {
    checkOptions(options);
    const { policy, replicas, seed = 0, clock = nowS, insertAt = "choice" } = options;
    this.replicas = Object.freeze(replicas.map((replica) => new Replica(replica)));
    this.#clock = clock;
    this.#policy = POLICIES[policy].create(options, { random: new Random(seed), insertAt });
    this.#policy.onReplicasChanged?.(
      replicas.map(({ id }) => id),
      [],
      clock(),
    );
  }

  /** The policy's name. */
  get policy(): string {
    return this.#policy.name;
  }

  /** The policy's tree; null for a policy without one. It belongs to the router: look, do not change. */
  get tree(): PrefixTree | null {
    return this.#policy.tree;
  }

  /**
   * Chooses a replica at once, and holds a place on it until the lease is released or rejected.
   * @param request a text, or a parsed body with `prompt` or `messages`; what cannot be read counts as empty.
   * @throws NoReplicaError when no replica has room. O(text + replicas).
   */
  route(request: RouteRequest, { exclude }: RouteOptions = {}): Lease {
    if (this.#disposed) throw new TypeError("Router used after dispose");
    const timeS = this.#clock();
    const candidates = this.#candidates(exclude);
    const loads = candidates.map((replica) => replica.load(timeS));
    const text = requestText(request);
    const textChars = characterCount(text);
    const everyReplica = candidates.length === this.replicas.length;
    const choice = this.#policy.choose({ text, textChars, timeS, candidates, loads, everyReplica });
    const decision = new RecordedDecision(this.#policy.name, choice, textChars, candidates, loads);
    return new RouterLease(choice.replica, decision, text, timeS, this.#policy, this.#clock, () => this.#disposed);
  }

  #candidates(exclude: ReadonlySet<string> | undefined): readonly Replica[] {
    const { replicas } = this;
    if ((exclude === undefined || exclude.size === 0) && replicas.length > 0 && replicas.every(hasRoom))
      return replicas;
    const eligible = exclude === undefined ? replicas : replicas.filter(({ id }) => !exclude.has(id));
    const candidates = eligible.filter(hasRoom);
    if (candidates.length === 0) throw new NoReplicaError(eligible.length);
    return candidates;
  }

  /** Ends the policy's eviction loop and lets its tree go. Leases can still be released; `route` throws a `TypeError`. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#policy.dispose?.();
  }
}

function hasRoom(replica: Replica): boolean {
  return replica.hasRoom;
}
