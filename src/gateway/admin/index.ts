import { parseJsonObject, RequestError, readBody } from "../../protocol/index.js";
import type { Core } from "../core.js";
import type { Fleet } from "../fleet.js";
import type { GatewayHono } from "../hono.js";
import { unauthorized } from "../keys.js";
import { explainBody } from "./explain.js";
import { addReplica, drainReplica, removeReplica } from "./replicas.js";
import { snapshotIn, snapshotOut } from "./snapshot.js";
import { gatewayState, replicaStates } from "./state.js";
import { treeOf } from "./tree-of.js";
import { treeView } from "./tree-view.js";

type Page = (call: { fleet: () => Fleet; query: URLSearchParams; id: string; request: Request }) => unknown;

/** Adds what an operator may see and do, with the admin token. Without one there is nothing at `/admin`. */
export function addAdmin(app: GatewayHono, core: Core): void {
  const page = (method: "get" | "post" | "put" | "delete", path: string, answer: Page): void => {
    app[method](`/admin${path}`, async ({ req }) => {
      try {
        await authorize(core, req.raw);
        const query = new URL(req.raw.url).searchParams;
        const id = req.param("id") ?? "";
        const result = await answer({ fleet: () => fleetOf(core, query), query, id, request: req.raw });
        return result instanceof Response
          ? result
          : Response.json(result, { headers: { "cache-control": "no-store" } });
      } catch (error) {
        if (error instanceof RequestError) return error.toResponse();
        throw error;
      }
    });
  };
  page("get", "/stats", () => gatewayState(core));
  page("get", "/replicas", ({ fleet }) => ({ replicas: replicaStates(fleet(), core) }));
  page("post", "/replicas", async ({ fleet, request }) => {
    const of = fleet();
    addReplica(of, await jsonOf(request, core));
    return Response.json({ replicas: replicaStates(of, core) }, { status: 201 });
  });
  page("post", "/replicas/:id/drain", ({ fleet, id }) => changed(fleet(), (of) => drainReplica(of, id, true)));
  page("post", "/replicas/:id/undrain", ({ fleet, id }) => changed(fleet(), (of) => drainReplica(of, id, false)));
  page("delete", "/replicas/:id", ({ fleet, id }) => changed(fleet(), (of) => removeReplica(of, id)));
  page("get", "/decisions", ({ query }) => ({
    decisions: core.decisions.shown(numberOf(query, "limit", 100, 1, 100), modelOf(core, query)),
  }));
  page("get", "/tree", ({ fleet, query }) => {
    const text = query.get("text") === "true";
    if (text && !core.settings.adminTreeText) {
      throw new RequestError(403, "The tree's texts are prompts; `adminTreeText` does not allow to show them.", {
        code: "text_not_allowed",
      });
    }
    const depth = numberOf(query, "depth", 4, 0, 64);
    const at = query.get("at") ?? "";
    return treeView(treeOf(fleet()), { depth, namespace: query.get("namespace"), text, at });
  });
  page("get", "/snapshot", ({ fleet }) => snapshotOut(fleet()));
  page("put", "/snapshot", ({ fleet, request }) => snapshotIn(fleet(), request));
  page("post", "/explain", async ({ query, request }) => {
    const body = await jsonOf(request, core);
    const named = query.get("model") ?? (typeof body.model === "string" ? body.model : null);
    const session = request.headers.get("x-session-id") ?? undefined;
    return explainBody(fleetNamed(core, named), body, { session, apiKey: keyNamed(core, query.get("key")) });
  });

  function changed(fleet: Fleet, change: (fleet: Fleet) => void): object {
    change(fleet);
    return { replicas: replicaStates(fleet, core) };
  }
}

async function authorize(core: Core, request: Request): Promise<void> {
  if (!core.keys.hasAdmin) {
    throw new RequestError(404, `There is nothing at ${new URL(request.url).pathname}.`, { code: "unknown_path" });
  }
  if (await core.keys.isAdmin(request.headers)) return;
  throw unauthorized("The admin token is needed: `authorization: Bearer <token>`.", "invalid_admin_token");
}

/** The one that `?model=` names; without it the only one. */
function fleetOf(core: Core, query: URLSearchParams): Fleet {
  return fleetNamed(core, query.get("model"));
}

function fleetNamed(core: Core, model: string | null): Fleet {
  const { fleets } = core;
  const names = fleets.map((fleet) => fleet.model);
  const found = fleets.length === 1 && (names[0] === "" || model === null) ? fleets[0] : core.fleetNamed(model ?? "");
  if (found !== undefined) return found;
  throw new RequestError(
    model === null ? 400 : 404,
    `${model === null ? "?model= is needed" : `There is no model ${JSON.stringify(model)}`}; there are ${names.join(", ")}.`,
    { param: "model", code: "model_not_found" },
  );
}

/** What keeps the texts of the key that `?key=` names apart; undefined where they are everybody's. */
function keyNamed({ keys }: Core, name: string | null): string | undefined {
  if (name === null) return undefined;
  const key = keys.named(name);
  if (key !== undefined) return key.namespace;
  throw new RequestError(404, `There is no key ${JSON.stringify(name)}.`, { param: "key", code: "unknown_key" });
}

/** The name of the one that `?model=` names, maybe by an alias; undefined without it. */
function modelOf(core: Core, query: URLSearchParams): string | undefined {
  const named = query.get("model") ?? undefined;
  return named === undefined ? undefined : (core.fleetNamed(named)?.model ?? named);
}

async function jsonOf(request: Request, { settings }: Core): Promise<Record<string, unknown>> {
  return parseJsonObject(await readBody(request, settings.maxBodyBytes));
}

function numberOf(query: URLSearchParams, name: string, without: number, least: number, most: number): number {
  const value = query.get(name);
  if (value === null) return without;
  const number = Number(value);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new RequestError(
    400,
    `${name} must be a whole number from ${least} to ${most}, not ${JSON.stringify(value)}.`,
    {
      param: name,
      code: "invalid_parameter",
    },
  );
}
