import type { Random } from "../../random/index.js";
import type { PrefixTree } from "../../tree/index.js";
import type { Choice } from "../decision.js";
import type { Replica } from "../replica.js";

/** A request that a policy chooses a replica for. */
export interface PolicyRequest {
  readonly text: string;
  /** Length of the text in characters. */
  readonly textChars: number;
  /** Seconds, by the router's clock. */
  readonly timeS: number;
  /** The replicas to choose from: those with room that the caller has not excluded. At least one, in the router's order. */
  readonly candidates: readonly Replica[];
  /** Their loads (`Replica.load`), in the same order. */
  readonly loads: readonly number[];
  /** Whether every replica of the router is a candidate. */
  readonly everyReplica: boolean;
}

/** A choice, from when it is made until its lease has ended. A policy may keep something of its own with it. */
export interface Route {
  readonly replica: Replica;
  /** The request's text until the replica has accepted or rejected it, then empty. */
  readonly text: string;
  readonly timeS: number;
  memo: unknown;
}

/** Chooses a replica for a request. All of it is synchronous; time and chance are passed in. */
export interface Policy {
  readonly name: string;
  /** The tree that it matches against; null for a policy that needs none. */
  readonly tree: PrefixTree | null;
  choose(request: PolicyRequest): Choice;
  /** The chosen replica has been given a lease. */
  onRouted?(route: Route): void;
  /** The replica has taken the request. */
  onAccepted?(route: Route): void;
  /** The replica has refused the request. */
  onRejected?(route: Route): void;
  /** The lease has ended; after a rejection too. */
  onReleased?(route: Route): void;
  /** Called once before the first choice, too. */
  onReplicasChanged?(change: ReplicasChange): void;
  dispose?(): void;
}

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

export interface PolicyEnvironment {
  readonly random: Random;
  /** When the text of a request enters a tree. */
  readonly insertAt: "choice" | "accept";
}
