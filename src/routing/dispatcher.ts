import { type Locality, type Selection, select, type Wanted } from "./candidates.js";
import { type Choice, type Decision, RecordedDecision } from "./decision.js";
import { NoPreviewError } from "./errors.js";
import { Hold, type LeaseGround, type Origin, type Routed } from "./hold.js";
import { RouterLease } from "./lease.js";
import type { Replica } from "./replica.js";
import type { ReplicaSet } from "./replica-set.js";
import type { Key } from "./request-key.js";
import { throwIfAborted } from "./signals.js";
import type { Watch } from "./watch.js";

/** A request, ready to be placed. */
export interface Placeable extends Routed {
  /** Whether the decision is to have every candidate's figures. */
  readonly explain: boolean;
}

/** Lets the policy choose, and makes leases. */
export class Dispatcher {
  readonly #set: ReplicaSet;
  readonly #ground: LeaseGround;
  readonly #locality: Locality | null;
  readonly #explainEvery: number;
  #decisions = 0;

  /** @param explainEvery every so many-th decision is explained; 0: none but those that ask for it. */
  constructor(set: ReplicaSet, ground: LeaseGround, locality: Locality | null, explainEvery: number) {
    this.#set = set;
    this.#ground = ground;
    this.#locality = locality;
    this.#explainEvery = explainEvery;
  }

  get watch(): Watch | null {
    return this.#ground.watch;
  }

  /** The replicas with room for a request that has been rejected so often. */
  candidates(wanted: Wanted, rejections: number): Selection {
    return select(this.#set, wanted, this.#locality, rejections);
  }

  /**
   * A lease on one of the candidates, of which there must be one; or, where the request can wait, the replica without room that the
   * policy would have it wait for.
   */
  place(request: Placeable, selection: Selection, origin: Origin, canWait: boolean): RouterLease | Replica {
    const { key, signal, explain } = request;
    const ground = this.#ground;
    const timeS = ground.clock();
    const { replicas, every, excluded } = selection;
    const loads = every ? this.#set.loads(timeS) : this.#set.loadsOf(replicas, timeS);
    const asked = { key, timeS, candidates: replicas, loads, everyReplica: every };
    const { watch } = ground;
    watch?.({ what: "asked", origin });
    const choice = ground.policy.choose(canWait && excluded !== null ? { ...asked, full: excluded.full() } : asked);
    watch?.({ what: "answered", origin });
    // A policy of the user's own may have aborted it.
    throwIfAborted(signal);
    const { replica } = choice;
    if (replica.removed || !(replica.hasRoom || canWait)) {
      throw new Error(`policy ${ground.policy.name} chose replica ${replica.id}, which is no candidate`);
    }
    if (!replica.hasRoom) return replica;
    const explained = explain || (this.#explainEvery > 0 && ++this.#decisions % this.#explainEvery === 0);
    const decision = new RecordedDecision(ground.policy.name, choice, key.chars, selection, loads, explained);
    const hold = new Hold(ground, request, replica, timeS, origin);
    const lease = new RouterLease(hold, decision);
    ground.forgotten?.watch(lease, hold);
    watch?.({ what: "leased", lease, hold });
    hold.begin();
    return lease;
  }

  /**
   * What `place` would do with the request, without doing it.
   * @throws NoPreviewError for a policy that cannot tell.
   */
  preview(key: Key, selection: Selection, timeS: number, canWait: boolean): Decision | Replica {
    const { policy } = this.#ground;
    if (policy.preview === undefined) throw new NoPreviewError(policy.name);
    const { replicas, every, excluded } = selection;
    const loads = every ? this.#set.loads(timeS) : this.#set.loadsOf(replicas, timeS);
    const asked = { key, timeS, candidates: replicas, loads, everyReplica: every };
    const choice = policy.preview(canWait && excluded !== null ? { ...asked, full: excluded.full() } : asked);
    if (!choice.replica.hasRoom) return choice.replica;
    return new RecordedDecision(policy.name, choice, key.chars, selection, loads, true);
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
