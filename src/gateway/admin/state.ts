import type { Replica } from "../../routing/index.js";
import type { TreeStats } from "../../tree/index.js";
import type { BreakerState } from "../breaker.js";
import type { Core } from "../core.js";
import type { RequestOutcome } from "../exchange.js";
import type { Fleet } from "../fleet.js";
import type { Member, ReplicaCondition } from "../member.js";
import type { RecentSummary } from "../recent-times.js";

/** What a gateway is doing, and what it has done since its start. */
export interface GatewayState {
  readonly uptimeS: number;
  readonly draining: boolean;
  /** Requests that have not ended. */
  readonly open: number;
  /** Requests that have ended, by how. */
  readonly requests: Readonly<Partial<Record<RequestOutcome, number>>>;
  readonly models: readonly ModelState[];
}

/** One router of a gateway. */
export interface ModelState {
  /** Null where there is one router for all models. */
  readonly model: string | null;
  readonly policy: string;
  /** Requests that wait for a place. */
  readonly queued: number;
  readonly leases: number;
  /** Requests for it that have ended, by how; those that named no model are in none. */
  readonly requests: Readonly<Partial<Record<RequestOutcome, number>>>;
  /** To the first token, of streamed answers that ended in the last 10 seconds; null when there were none. */
  readonly ttftMs: RecentSummary | null;
  readonly decisions: DecisionTotals;
  /** Null for a policy without a tree. */
  readonly tree: TreeStats | null;
  readonly replicas: readonly ReplicaState[];
}

/** Sums over all decisions; characters. */
export interface DecisionTotals {
  readonly decisions: number;
  readonly textChars: number;
  /** Of the text, what some candidate had been sent, what the chosen one had, and what the replicas reported as cached. */
  readonly hitAvailable: number;
  readonly hitChosen: number;
  readonly hitDelivered: number;
  /** Mean of the decisions' match rates; null when there was none. */
  readonly matchRate: number | null;
}

/** A replica as a gateway sees it. */
export interface ReplicaState {
  readonly id: string;
  readonly url: string | null;
  readonly state: ReplicaCondition;
  readonly breaker: BreakerState;
  /** By its last report; null when there is none. */
  readonly running: number | null;
  readonly waiting: number | null;
  readonly kvUsage: number | null;
  /** This gateway's requests on it. */
  readonly queueLength: number;
  readonly maxOngoingRequests: number | null;
  /** Sends to it by this gateway. */
  readonly requests: number;
  /** Characters of the tree that it owns; null for a policy without a tree. */
  readonly treeChars: number | null;
  /** Cached ÷ prompt tokens over all its reports; null when there was none. */
  readonly hitRatio: number | null;
  readonly labels: Readonly<Record<string, string>>;
}

export function gatewayState(core: Core): GatewayState {
  const { settings, startS, draining, open, outcomes, fleets } = core;
  return {
    uptimeS: settings.clock() - startS,
    draining,
    open,
    requests: Object.fromEntries(outcomes),
    models: fleets.map((fleet) => modelState(fleet, core)),
  };
}

function modelState(fleet: Fleet, core: Core): ModelState {
  const { model, router } = fleet;
  return {
    model: model === "" ? null : model,
    policy: router.policy,
    queued: router.waiting,
    leases: router.leases,
    ...core.totals.requestsOf(model, core.settings.clock()),
    decisions: core.totals.of(model),
    tree: router.tree?.stats() ?? null,
    replicas: replicaStates(fleet, core),
  };
}

export function replicaStates(fleet: Fleet, { settings }: Core): ReplicaState[] {
  const chars = fleet.router.tree?.tenantToCharCount ?? null;
  const nowS = settings.clock();
  return fleet.router.replicas.map((replica) => {
    const member = fleet.member(replica.id)!;
    return replicaState(replica, member, nowS, chars === null ? null : (chars.get(replica.id) ?? 0));
  });
}

function replicaState(replica: Replica, member: Member, nowS: number, treeChars: number | null): ReplicaState {
  const { load, requests, promptTokens, cachedTokens } = member;
  const { id, url = null, queueLength, maxOngoingRequests, labels = {} } = replica;
  return {
    id,
    url,
    state: member.condition(nowS),
    breaker: member.breaker?.state(nowS) ?? "closed",
    running: load?.running ?? null,
    waiting: load?.waiting ?? null,
    kvUsage: load?.kvUsage ?? null,
    queueLength,
    maxOngoingRequests: Number.isFinite(maxOngoingRequests) ? maxOngoingRequests : null,
    requests,
    treeChars,
    hitRatio: promptTokens === 0 ? null : cachedTokens / promptTokens,
    labels,
  };
}
