import { RequestError } from "../../protocol/index.js";
import { NoReplicaError } from "../../routing/index.js";
import { shownDecision } from "../decisions.js";
import type { Fleet } from "../fleet.js";

/** What would happen to a body if it came now. Nothing is sent, and its text does not stay in the tree. */
export function explainBody(fleet: Fleet, body: Record<string, unknown>, session: string | null): object {
  const { text: _text, ...rest } = body;
  if (body.messages === undefined && isTokenIds(body.prompt ?? body.input)) {
    // The tree cannot take token ids back.
    throw new RequestError(
      422,
      "A prompt of token ids cannot be explained without a trace in the tree; give its text.",
      {
        param: "prompt",
        code: "cannot_explain",
      },
    );
  }
  const { router, unavailable } = fleet;
  const replicas = fleet.members.map(({ id }) => id);
  try {
    const lease = router.route(rest, {
      explain: true,
      exclude: new Set(unavailable),
      ...(session !== null && { session }),
    });
    const { decision } = lease;
    lease.reject();
    return { wouldWait: false, leftAlone: [...unavailable], decision: shownDecision(decision) };
  } catch (error) {
    if (!(error instanceof NoReplicaError)) throw error;
    const wouldWait = error.full > 0 || replicas.length === 0;
    return { wouldWait, leftAlone: [...unavailable], decision: null, reason: error.message };
  }
}

function isTokenIds(prompt: unknown): boolean {
  const first = Array.isArray(prompt) ? prompt[0] : undefined;
  return typeof first === "number" || (Array.isArray(first) && typeof first[0] === "number");
}
