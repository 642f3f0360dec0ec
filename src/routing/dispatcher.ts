import { type Locality, type Selection, select, type Wanted } from "./candidates.js";
import type { Choice } from "./decision.js";
import { RecordedDecision } from "./decision.js";
import { Hold, type Lease, type LeaseGround, type Origin, RouterLease } from "./lease.js";
import type { Replica } from "./replica.js";
import type { ReplicaSet } from "./replica-set.js";
import type { Key } from "./request-key.js";

/** Lets the policy choose, and makes leases. */
export class Dispatcher {
  readonly #set: ReplicaSet;
  readonly #ground: LeaseGround;
  readonly #locality: Locality | null;

  constructor(set: ReplicaSet, ground: LeaseGround, locality: Locality | null) {
    this.#set = set;
    this.#ground = ground;
    this.#locality = locality;
  }

  /** The replicas with room for a request that has been rejected so often. */
  candidates(wanted: Wanted, rejections: number): Selection {
    return select(this.#set, wanted, this.#locality, rejections);
  }

  /** A lease on one of the candidates, of which there must be one. */
  lease(key: Key, selection: Selection, origin: Origin, signal: AbortSignal | undefined): Lease {
    const ground = this.#ground;
    const timeS = ground.clock();
    const { replicas, every } = selection;
    const loads = every ? this.#set.loads(timeS) : this.#set.loadsOf(replicas, timeS);
    const choice = ground.policy.choose({ key, timeS, candidates: replicas, loads, everyReplica: every });
    if (!choice.replica.hasRoom || choice.replica.removed) {
      throw new Error(`policy ${ground.policy.name} chose replica ${choice.replica.id}, which is no candidate`);
    }
    const decision = new RecordedDecision(ground.policy.name, choice, key.chars, selection, loads);
    const hold = new Hold(ground, choice.replica, key, timeS, origin);
    const lease = new RouterLease(hold, decision);
    ground.forgotten?.register(lease, hold, hold);
    if (signal !== undefined) hold.tie(signal);
    return lease;
  }

  /** The replica that the policy would choose among these, of which there must be one, if they had room. */
  preferred(key: Key, replicas: readonly Replica[]): Replica {
    const timeS = this.#ground.clock();
    const loads = this.#set.loadsOf(replicas, timeS);
    const everyReplica = replicas.length === this.#set.all.length;
    const choice: Choice = this.#ground.policy.choose({ key, timeS, candidates: replicas, loads, everyReplica });
    return choice.replica;
  }
}
