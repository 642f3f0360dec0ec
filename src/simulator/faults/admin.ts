import { parseJsonObject, RequestError, readBody } from "../../protocol/index.js";
import { checkedFault } from "./fault.js";
import type { FaultSchedule } from "./schedule.js";

/**
 * `/admin/faults`: GET lists, POST adds one, or several as `{"faults": […]}` (all or none), DELETE ends one (`?id=1`) or all. Each answers
 * with those that are left.
 * @throws RequestError 400 for a fault that is wrong, 404 for an id that there is not.
 */
export async function faultsAnswer(request: Request, faults: FaultSchedule, maxBodyBytes: number): Promise<Response> {
  if (request.method === "POST") {
    const body = parseJsonObject(await readBody(request, maxBodyBytes));
    const several = "faults" in body;
    if (several && !Array.isArray(body.faults)) throw wrong("faults must be an array");
    add(faults, (several ? body.faults : [body]) as unknown[], several);
  }
  if (request.method === "DELETE") {
    const id = new URL(request.url).searchParams.get("id");
    if (id === null) faults.clear();
    else if (!faults.remove(Number(id))) {
      throw new RequestError(404, `There is no fault ${id}.`, { type: "NotFoundError", param: "id", code: 404 });
    }
  }
  return Response.json({ faults: faults.list() });
}

function add(faults: FaultSchedule, given: readonly unknown[], several: boolean): void {
  try {
    const checked = given.map((fault, i) => checkedFault(fault, several ? `faults[${i}]` : "fault"));
    for (const fault of checked) faults.add(fault);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw wrong(error.message);
    throw error;
  }
}

function wrong(message: string): RequestError {
  return new RequestError(400, message, { type: "BadRequestError", code: 400 });
}
