import { RequestError } from "../../protocol/index.js";
import { NoPreviewError, NoReplicaError, type Preview, QueueFullError } from "../../routing/index.js";
import { shownDecision } from "../decisions.js";
import type { Fleet } from "../fleet.js";

/**
 * What would happen to a body if it came now. Nothing is sent, and nothing comes of it.
 * @throws RequestError 422 where the policy cannot be asked.
 */
export function explainBody(fleet: Fleet, body: Record<string, unknown>, session: string | null): object {
  const leftAlone = [...fleet.unavailable];
  try {
    const { decision, waitsFor } = previewIn(fleet, body, session);
    if (decision !== null) return { wouldWait: false, leftAlone, decision: shownDecision(decision) };
    const forWhat = waitsFor === null ? "a place on any replica" : `a place on ${waitsFor}`;
    return { wouldWait: true, waitsFor, leftAlone, decision: null, reason: `it waits for ${forWhat}` };
  } catch (error) {
    if (error instanceof NoPreviewError) {
      throw new RequestError(422, `This cannot be explained: ${error.message}.`, { code: "cannot_explain" });
    }
    if (!(error instanceof NoReplicaError || error instanceof QueueFullError)) throw error;
    return { wouldWait: false, leftAlone, decision: null, reason: error.message };
  }
}

/** As a request is placed: those that have asked to be left alone are chosen only when there is no other. */
function previewIn(fleet: Fleet, body: Record<string, unknown>, session: string | null): Preview {
  const { router, unavailable, resting, model } = fleet;
  const { text: _text, ...given } = body;
  const rest = model === "" ? given : { ...given, model };
  const among = (exclude: readonly string[]): Preview =>
    router.preview(rest, { exclude: new Set(exclude), ...(session !== null && { session }) });
  if (resting.length === 0) return among([...unavailable]);
  try {
    return among([...unavailable, ...resting]);
  } catch (error) {
    if (!(error instanceof NoReplicaError)) throw error;
    return among([...unavailable]);
  }
}
