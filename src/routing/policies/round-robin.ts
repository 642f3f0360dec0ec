import type { Choice } from "../decision.js";
import type { Replica } from "../replica.js";
import type { Policy, PolicyEnvironment, PolicyRequest } from "./policy.js";

/**
 * `round_robin`: each replica in turn.
 *
 * Rule: the candidate that comes next after the one chosen last, in the router's order, from the last on to the first.
 * A replica that is no candidate (full, excluded) is passed over, and misses its turn.
 * Formula: the smallest (position − turn) mod replicas.
 * Options: none. The first turn is drawn at random, so that many routers do not all begin with the same replica.
 * Source: SGLang router `round_robin`, every load balancer.
 */
export function roundRobin(_options: object, { random }: PolicyEnvironment): Policy {
  let positions: ReadonlyMap<Replica, number> = new Map();
  let turn = -1;

  function choose({ candidates, everyReplica }: PolicyRequest): Choice {
    const replica = candidates[everyReplica ? turn : nextFrom(turn, candidates, positions)]!;
    return { replica, reason: candidates.length === 1 ? "only_candidate" : "rotation", matchedChars: 0 };
  }

  return {
    name: "round_robin",
    tree: null,
    choose,
    preview: choose,
    onRouted({ replica }) {
      turn = ((positions.get(replica) ?? turn - 1) + 1) % positions.size;
    },
    onReplicasChanged({ replicas }) {
      const before = [...positions.keys()];
      positions = new Map(replicas.map((replica, i) => [replica, i]));
      if (replicas.length === 0) return;
      if (turn === -1) {
        turn = random.below(replicas.length);
        return;
      }
      // Whose turn it is keeps it; if that one has gone, the next that is left.
      const order = [...before.slice(turn), ...before.slice(0, turn)];
      turn = positions.get(order.find((replica) => positions.has(replica))!) ?? 0;
    },
  };
}

/** The candidate, by its place in their list, whose turn comes first from that turn on. */
function nextFrom(turn: number, candidates: readonly Replica[], positions: ReadonlyMap<Replica, number>): number {
  const next = candidates.findIndex((replica) => positions.get(replica)! >= turn);
  return next === -1 ? 0 : next;
}
