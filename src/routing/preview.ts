import type { Admission } from "./admission.js";
import { mayServe, type Selection, type Wanted } from "./candidates.js";
import type { Decision } from "./decision.js";
import type { Dispatcher } from "./dispatcher.js";
import { NoReplicaError } from "./errors.js";
import { Replica } from "./replica.js";
import type { ReplicaSet } from "./replica-set.js";
import type { Key } from "./request-key.js";

/** What would become of a request. */
export interface Preview {
  /** What would be decided, with every candidate's figures; null for a request that would wait for a place. */
  readonly decision: Decision | null;
  /** The id of the replica that it would wait for; null where it would not wait, and where the first with room will do. */
  readonly waitsFor: string | null;
}

/** What `Admission.admit` would do with a request that came now for the first time. */
export function previewOf(
  { set, dispatcher, admission }: { set: ReplicaSet; dispatcher: Dispatcher; admission: Admission },
  key: Key,
  wanted: Wanted,
  timeS: number,
): Preview {
  const { exact } = admission;
  const selection = dispatcher.candidates(wanted, 0);
  if (selection.replicas.length > 0) {
    const placed = dispatcher.preview(key, selection, timeS, exact);
    if (!(placed instanceof Replica)) return { decision: placed, waitsFor: null };
    admission.checkQueue();
    return { decision: null, waitsFor: placed.id };
  }
  const able = set.all.filter((replica) => mayServe(replica, wanted));
  if (set.all.length > 0 && able.length === 0) throw new NoReplicaError(set.all.length, selection.excluded);
  admission.checkQueue();
  if (!exact || able.length === 0) return { decision: null, waitsFor: null };
  const meant: Selection = { replicas: able, every: able.length === set.all.length, excluded: null };
  const placed = dispatcher.preview(key, meant, timeS, false);
  return { decision: null, waitsFor: placed instanceof Replica ? placed.id : placed.replica };
}
