import type { Choice } from "../decision.js";
import { hash64 } from "../key/hash.js";
import type { Replica } from "../replica.js";
import type { RequestKey } from "../request-key.js";
import { leastLoaded } from "./least-loaded.js";
import type { OptionsOf, ValuesOf } from "./option-table.js";
import type { Policy, PolicyEnvironment, PolicyRequest } from "./policy.js";

export const SESSION = {
  sessionIdleSecs: {
    kind: "number",
    above: 0,
    default: 14_400,
    unit: "seconds",
    about: "time without a request after which a session's home is forgotten",
  },
  maxSessions: {
    kind: "whole",
    least: 1,
    default: 100_000,
    unit: "sessions",
    about: "most sessions remembered; beyond it the one used longest ago is forgotten",
  },
} as const;

/** The options of `session`. */
export type SessionOptions = OptionsOf<typeof SESSION>;

interface Home {
  replica: Replica;
  usedS: number;
}

/**
 * `session`: a session stays on its replica.
 *
 * Rule: 1. The session's home, if it is a candidate. 2. If it is none (full, excluded), the least loaded, which becomes the
 * home: it computes the session's whole prefix now. 3. A new session, or one idle for too long: the least loaded. 4. No session
 * given (`RouteOptions.session`): the least loaded, and nothing is remembered.
 * Sessions are told apart by namespace, too. A home that rejects the request is given back to the one before.
 * A replica that comes moves nobody; one that goes loses its sessions.
 * Formula: home(namespace, session), else argmin load(replica); ties by chance.
 * Defaults: sessionIdleSecs 14,400 (4 hours), maxSessions 100,000 (about 150 bytes each).
 * Source: SMG's `manual` (sticky key, idle 4 h, min_load for new keys); TensorRT-LLM's ConversationRouter (100,000 sessions).
 */
export function session(values: ValuesOf<typeof SESSION>, { random }: PolicyEnvironment): Policy {
  const { sessionIdleSecs, maxSessions } = values;
  /** The one used longest ago first. */
  const homes = new Map<string, Home>();
  let replicas: ReadonlySet<Replica> = new Set();

  function choose({ key, candidates, loads, timeS, everyReplica }: PolicyRequest): Choice {
    const home = homeOf(key, timeS);
    const alone = candidates.length === 1;
    if (home !== null && (everyReplica || candidates.includes(home))) {
      return { replica: home, reason: alone ? "only_candidate" : "session", matchedChars: 0 };
    }
    const replica = candidates[leastLoaded(loads, random)]!;
    if (alone) return { replica, reason: "only_candidate", matchedChars: 0 };
    const reason = key.session === null ? "least_loaded" : home === null ? "new_session" : "spill";
    return { replica, reason, matchedChars: 0 };
  }

  function homeOf(key: RequestKey, timeS: number): Replica | null {
    if (key.session === null) return null;
    const home = homes.get(nameOf(key, key.session));
    if (home === undefined || timeS - home.usedS > sessionIdleSecs || !replicas.has(home.replica)) return null;
    return home.replica;
  }

  function remember(name: string, replica: Replica, usedS: number): void {
    homes.delete(name);
    homes.set(name, { replica, usedS });
    for (const [oldest, { usedS: lastS }] of homes) {
      if (homes.size <= maxSessions && usedS - lastS <= sessionIdleSecs) return;
      homes.delete(oldest);
    }
  }

  return {
    name: "session",
    tree: null,
    choose,
    preview: choose,
    onRouted(route) {
      const { key, replica, timeS } = route;
      if (key.session === null) return;
      const name = nameOf(key, key.session);
      route.memo = { name, before: homeOf(key, timeS) } satisfies Memo;
      remember(name, replica, timeS);
    },
    onRejected({ replica, timeS, memo }) {
      if (memo === null) return;
      const { name, before } = memo as Memo;
      if (homes.get(name)?.replica !== replica) return;
      if (before === null) homes.delete(name);
      else remember(name, before, timeS);
    },
    onReleased({ replica, memo }, { timeS }) {
      const name = (memo as Memo | null)?.name;
      if (name !== undefined && homes.get(name)?.replica === replica) remember(name, replica, timeS);
    },
    onReplicasChanged(change) {
      replicas = new Set(change.replicas);
      if (change.removed.length === 0) return;
      for (const [name, { replica }] of homes) if (!replicas.has(replica)) homes.delete(name);
    },
  };
}

/** Kept with a route. */
interface Memo {
  readonly name: string;
  /** The session's home before. */
  readonly before: Replica | null;
}

/** Longer than most ids. Of what is longer a hash is kept: a session may be as long as a client likes. */
const LONGEST_NAME = 64;

function nameOf({ namespace }: RequestKey, session: string): string {
  const name = session.length <= LONGEST_NAME ? `=${session}` : `#${session.length}:${hash64(session)}`;
  return `${namespace.length} ${namespace}${name}`;
}
