import {
  errorResponse,
  HeaderList,
  type HttpRequest,
  type Model,
  type ModelList,
  replicaUrl,
  Stop,
} from "../protocol/index.js";
import type { Replica } from "../routing/index.js";
import type { Fleet } from "./fleet.js";
import type { Settings } from "./settings.js";
import { textOf } from "./upstream.js";
import { TIMED_OUT, WaitLimit, within } from "./wait.js";

const PATIENCE_MS = 5000;
/** More than any list of models. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * The models of all replicas that answer in time, each once; the first replica's word counts. Where the gateway has `models`, these
 * with their aliases and no others. 503 when no replica answers.
 */
export async function listModels(
  request: HttpRequest,
  fleets: readonly Fleet[],
  settings: Settings,
): Promise<Response> {
  const asked = fleets.flatMap((fleet) =>
    fleet.router.replicas.filter(({ id }) => !fleet.unavailable.has(id)).map((replica) => ({ fleet, replica })),
  );
  const lists = await Promise.all(
    asked.map(async ({ fleet, replica }) => ({ fleet, list: await modelsOf(replica, request, settings) })),
  );
  if (fleets.some(({ router }) => router.replicas.length > 0) && lists.every(({ list }) => list === null)) {
    return errorResponse(503, "No replica tells its models now.", { type: "upstream_error", code: "no_replica" });
  }
  const models = new Map<string, Model>();
  for (const { fleet, list } of lists) {
    for (const model of list ?? []) {
      for (const id of namesHere(fleet, model.id)) if (!models.has(id)) models.set(id, { ...model, id });
    }
  }
  for (const fleet of fleets) {
    if (fleet.model === "") continue;
    for (const id of namesOf(fleet)) {
      if (!models.has(id)) models.set(id, { id, object: "model", created: 0, owned_by: "warmroute" });
    }
  }
  return Response.json({ object: "list", data: [...models.values()] });
}

/** The names that clients have for what a replica calls so. */
function namesHere(fleet: Fleet, served: string): readonly string[] {
  if (fleet.model === "") return [served];
  return served === (fleet.naming?.served ?? fleet.model) ? namesOf(fleet) : [];
}

function namesOf({ model, naming }: Fleet): readonly string[] {
  return [model, ...(naming?.aliases ?? [])];
}

async function modelsOf(replica: Replica, request: HttpRequest, settings: Settings): Promise<Model[] | null> {
  const { upstream, forwardAuthorization, clock, timers } = settings;
  const authorization = forwardAuthorization ? request.headers.get("authorization") : null;
  const late = new Stop();
  const ask = async (): Promise<Model[] | null> => {
    const headers = new HeaderList(
      Object.entries({ ...(authorization !== null && { authorization }), ...replica.headers }),
    );
    const url = replicaUrl(replica.url!, "/v1/models");
    const answer = await upstream.send(url, { method: "GET", headers, body: null, signal: late });
    const list: unknown = JSON.parse((await textOf(answer, MOST_BYTES)) ?? "null");
    if (answer.status !== 200) return null;
    const data = (list as Partial<ModelList> | null)?.data;
    return Array.isArray(data) ? data.filter((model) => typeof model?.id === "string") : null;
  };
  try {
    const list = await within(new WaitLimit(PATIENCE_MS, clock, timers), ask(), request.signal);
    return list === TIMED_OUT ? null : list;
  } catch {
    return null;
  } finally {
    late.abort(new Error("the answer is no longer waited for"));
  }
}
