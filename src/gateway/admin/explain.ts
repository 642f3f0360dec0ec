import { RequestError } from "../../protocol/index.js";
import { NoPreviewError, NoReplicaError, type Preview, QueueFullError } from "../../routing/index.js";
import { shownDecision } from "../decisions.js";
import type { Fleet } from "../fleet.js";

/**
 * What would happen to a body if it came now. Nothing is sent, and nothing comes of it.
 * @throws RequestError 422 where the policy cannot be asked.
 */
export function explainBody(fleet: Fleet, body: Record<string, unknown>, asker: Asker): object {
  const leftAlone = [...fleet.unavailable];
  try {
    const { decision, waitsFor } = previewIn(fleet, body, asker);
    if (decision !== null) return { wouldWait: false, leftAlone, decision: shownDecision(decision) };
    const reason = `there is no room on ${waitsFor ?? "any replica that may serve it"}`;
    return { wouldWait: true, waitsFor, leftAlone, decision: null, reason };
  } catch (error) {
    if (error instanceof NoPreviewError) {
      throw new RequestError(422, `This cannot be explained: ${error.message}.`, { code: "cannot_explain" });
    }
    if (!(error instanceof NoReplicaError || error instanceof QueueFullError)) throw error;
    return { wouldWait: false, leftAlone, decision: null, reason: error.message };
  }
}

/** What is known of who would send it. */
interface Asker {
  readonly session: string | undefined;
  readonly apiKey: string | undefined;
}

/** As a request is placed: those that have asked to be left alone are chosen only when there is no other. */
function previewIn(fleet: Fleet, body: Record<string, unknown>, { session, apiKey }: Asker): Preview {
  const { router, unavailable, resting, model } = fleet;
  const { text: _text, ...given } = body;
  const rest = model === "" ? given : { ...given, model };
  const among = (exclude: readonly string[]): Preview =>
    router.preview(rest, {
      exclude: new Set(exclude),
      ...(session !== undefined && { session }),
      ...(apiKey !== undefined && { apiKey }),
    });
  if (resting.length === 0) return among([...unavailable]);
  try {
    return among([...unavailable, ...resting]);
  } catch (error) {
    if (!(error instanceof NoReplicaError)) throw error;
    return among([...unavailable]);
  }
}
