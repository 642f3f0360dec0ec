import { setTimeout as delay } from "node:timers/promises";
import { ApiError, type KubernetesApi, textOf } from "./kubernetes-api.js";

/** As far as it concerns a watch. */
export interface KubernetesObject {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion: string };
}

interface List<Item> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly Item[];
}

interface WatchEvent<Item> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: Item & { readonly code?: number; readonly message?: string };
}

const PAGE = 500;
/** That the API lets a watch run; it is begun anew then, from where it ended. */
const WATCH_S = 300;
/** After which a watch that says nothing counts as broken: a connection may die without a word. */
const SILENCE_MS = (WATCH_S + 30) * 1000;
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** What is asked for: a path of the API, and labels that the objects must have. */
export interface Query {
  readonly path: string;
  readonly labelSelector: string;
}

/**
 * Keeps up with a collection of the API: lists it, then watches from the list's version on, over connections that end and break. When the
 * version is too old (410) all is listed anew, so that nothing that was deleted meanwhile stays.
 * @param onItems is given all objects after each change.
 */
export async function listAndWatch<Item extends KubernetesObject>(
  api: KubernetesApi,
  query: Query,
  onItems: (items: readonly Item[]) => void,
  signal: AbortSignal,
  onProblem: (message: string) => void,
): Promise<void> {
  let version: string | null = null;
  let items = new Map<string, Item>();
  let retryMs = RETRY_MS;
  const wait = async () => {
    await delay(retryMs * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {});
    retryMs = Math.min(2 * retryMs, RETRY_MAX_MS);
  };
  while (!signal.aborted) {
    /** Whether the watch has got anywhere from this version. */
    let went = version !== null;
    try {
      if (version === null) {
        const list: List<Item> = await listAll(api, query, signal);
        items = new Map(list.items.map((item) => [nameOf(item), item]));
        version = list.metadata.resourceVersion;
        onItems([...items.values()]);
      }
      const begin = performance.now();
      let said = false;
      for await (const { type, object } of watchFrom<Item>(api, query, version, signal)) {
        if (type === "ERROR") throw new ApiError(object.code ?? 500, object.message ?? "the watch was ended");
        version = object.metadata.resourceVersion;
        went = said = true;
        retryMs = RETRY_MS;
        if (type === "BOOKMARK") continue;
        if (type === "DELETED") items.delete(nameOf(object));
        else items.set(nameOf(object), object);
        onItems([...items.values()]);
      }
      // From a version that there is, it ends with a bookmark. From one that there has not been yet (etcd was restored) nothing ever comes.
      if (!said) version = null;
      if (performance.now() - begin < RETRY_MS) await wait();
    } catch (error) {
      if (signal.aborted) return;
      // A connection that broke is taken up where it ended; of all else a list tells what there is.
      const refused = error instanceof ApiError;
      if (refused) version = null;
      if (refused && error.status === 410 && went) continue;
      onProblem((error as Error).message);
      await wait();
    }
  }
}

async function listAll<Item>(api: KubernetesApi, query: Query, signal: AbortSignal): Promise<List<Item>> {
  const items: Item[] = [];
  let next: string | undefined;
  for (;;) {
    const page: List<Item> = JSON.parse(
      await textOf(
        await api.get(pathOf(query, { limit: String(PAGE), ...(next !== undefined && { continue: next }) }), signal),
      ),
    );
    items.push(...page.items);
    next = page.metadata.continue;
    if (next === undefined || next === "") return { metadata: page.metadata, items };
  }
}

async function* watchFrom<Item>(
  api: KubernetesApi,
  query: Query,
  version: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<Item>> {
  const response = await api.get(
    pathOf(query, {
      watch: "1",
      resourceVersion: version,
      allowWatchBookmarks: "true",
      timeoutSeconds: String(WATCH_S),
    }),
    signal,
  );
  response.setTimeout(SILENCE_MS, () => response.destroy(new Error("the watch says nothing any more")));
  let rest = "";
  for await (const piece of response.setEncoding("utf8")) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as WatchEvent<Item>;
  }
}

function pathOf({ path, labelSelector }: Query, more: Readonly<Record<string, string>>): string {
  return `${path}?${new URLSearchParams({ labelSelector, ...more })}`;
}

function nameOf({ metadata: { namespace = "", name } }: KubernetesObject): string {
  return `${namespace}/${name}`;
}
