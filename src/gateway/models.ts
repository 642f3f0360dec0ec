import { errorResponse, type Model, type ModelList, replicaUrl } from "../protocol/index.js";
import type { Replica } from "../routing/index.js";
import type { Settings } from "./options.js";

const PATIENCE_MS = 5000;

/** The models of all replicas that answer in time, each once; the first replica's word counts. 503 when none answers. */
export async function listModels(request: Request, settings: Settings): Promise<Response> {
  const replicas = [...settings.routers.values()].flatMap((router) => router.replicas);
  const lists = await Promise.all(replicas.map((replica) => modelsOf(replica, request, settings)));
  if (lists.length > 0 && lists.every((list) => list === null)) {
    return errorResponse(503, "No replica tells its models now.", { type: "upstream_error", code: "no_replica" });
  }
  const models = new Map<string, Model>();
  for (const model of lists.flatMap((list) => list ?? [])) {
    if (!models.has(model.id)) models.set(model.id, model);
  }
  return Response.json({ object: "list", data: [...models.values()] });
}

async function modelsOf(replica: Replica, request: Request, settings: Settings): Promise<Model[] | null> {
  const authorization = request.headers.get("authorization");
  try {
    const response = await settings.upstreamFetch(replicaUrl(replica.url!, "/v1/models"), {
      headers: authorization === null ? {} : { authorization },
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const list: unknown = await response.json();
    if (!response.ok) return null;
    const data = (list as Partial<ModelList> | null)?.data;
    return Array.isArray(data) ? data.filter((model) => typeof model?.id === "string") : null;
  } catch {
    return null;
  }
}
