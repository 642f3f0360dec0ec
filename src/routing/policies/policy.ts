import type { Random } from "../../random/index.js";
import type { PrefixTree } from "../../tree/index.js";
import type { Choice } from "../decision.js";
import type { Replica } from "../replica.js";
import type { RequestKey } from "../request-key.js";

/** A request that a policy chooses a replica for. Valid during the call only: a policy must not keep it. */
export interface PolicyRequest {
  /** What it is matched by. */
  readonly key: RequestKey;
  /** Seconds, by the router's clock. */
  readonly timeS: number;
  /** The replicas to choose from: those with room that nothing speaks against. At least one, in the router's order. */
  readonly candidates: readonly Replica[];
  /** Their loads (`Replica.load`), in the same order. */
  readonly loads: readonly number[];
  /** Whether every replica of the router is a candidate. */
  readonly everyReplica: boolean;
  /**
   * Replicas that would be candidates if they had room, where the router can wait for one of them (`Router.acquire`). A choice
   * may name one: then nothing is routed now, and the request waits for it. Absent or empty where the router cannot wait.
   */
  readonly full?: readonly Replica[];
}

/** A choice, from when it is made until its lease has ended. A policy may keep something of its own with it. */
export interface Route {
  /** The chosen one. */
  readonly replica: Replica;
  /** Its text and tokens are let go once the replica has accepted or rejected the request. */
  readonly key: RequestKey;
  /** When it was chosen, in seconds by the router's clock. */
  readonly timeS: number;
  /** The policy's own; null at first. */
  memo: unknown;
}

/** What is known when a lease ends: of an answer that came, what the replica said about it. */
export interface ReleaseReport {
  /** Seconds, by the router's clock. */
  readonly timeS: number;
  /** Milliseconds from the request to the first piece of its answer. */
  readonly ttftMs?: number;
  /** Tokens of the prompt that the replica had in its cache. */
  readonly cachedTokens?: number;
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  readonly error?: unknown;
}

/**
 * Chooses a replica for a request. All of it is synchronous; time and chance are passed in. Order of calls: `choose`, then for
 * a choice that got a lease `onRouted`, `onAccepted` or `onRejected`, `onFirstToken`, `onReleased`, each at most once; of a
 * lease that was released without an answer the middle ones are missing. A choice may also come to nothing, without any call.
 */
export interface Policy {
  /** As decisions and metrics show it. */
  readonly name: string;
  /** The tree that it matches against; null for a policy that needs none. */
  readonly tree: PrefixTree | null;
  /** Must name a candidate. May be asked without a lease that follows. */
  choose(request: PolicyRequest): Choice;
  /**
   * What `choose` would choose, without a trace: for `Router.preview`, which puts chance back itself. Where `choose` alone leaves none
   * it may be that. Without it the policy cannot be asked what it would do.
   */
  preview?(request: PolicyRequest): Choice;
  /** The chosen replica has been given a lease. */
  onRouted?(route: Route): void;
  /** The replica has taken the request. */
  onAccepted?(route: Route): void;
  /** The replica has refused the request. */
  onRejected?(route: Route): void;
  /** The first piece of the answer has arrived: its prefill is done. */
  onFirstToken?(route: Route, timeS: number): void;
  /** The lease has ended; after a rejection too. */
  onReleased?(route: Route, report: ReleaseReport): void;
  /** Called once before the first choice, too. */
  onReplicasChanged?(change: ReplicasChange): void;
  /** The router has been disposed of; nothing is called after it. */
  dispose?(): void;
}

/** What has changed in the list of replicas. */
export interface ReplicasChange {
  /** All replicas after the change, in the router's order. */
  readonly replicas: readonly Replica[];
  /** Ids of those that are new. */
  readonly added: readonly string[];
  /** Ids of those that are gone. */
  readonly removed: readonly string[];
  /** Seconds, by the router's clock. */
  readonly timeS: number;
}

/** What a policy is made with. */
export interface PolicyEnvironment {
  /** Seeded by the router's `seed`: the only chance that a policy may use. */
  readonly random: Random;
  /** When the text of a request enters a tree. */
  readonly insertAt: "choice" | "accept";
  /** A tree that several routers share, for a policy that matches against one; it is not the policy's to dispose of. */
  readonly tree?: PrefixTree | undefined;
  /** Has work done every so many seconds, until the router is disposed of; the work is given the time by the router's clock. */
  every(seconds: number, work: (timeS: number) => void): void;
}
