import { Bench, type Task } from "tinybench";
import type { Peer } from "../peers/peer.js";
import { type Figure, type Operation, TENANTS } from "./figures.js";

/**
 * Times operations as the reference's operation benchmark does: fill the tree by inserts, then call the operation on one
 * text after the other. What brings the tree back to the state that an operation needs is not timed.
 * @param texts what fills the tree.
 * @param requests the same texts as other strings, as they come in requests: a tree that keeps slices of what it was given
 * would else compare a text with itself.
 */
export async function timeOperations(
  peer: Peer,
  texts: readonly string[],
  requests: readonly string[],
  operations: readonly Operation[],
  timeMs: number,
): Promise<Figure[]> {
  const bench = new Bench({ time: timeMs, warmupTime: timeMs / 4, throws: true });
  addTasks(bench, peer, texts, requests, operations);
  await bench.run();
  return bench.tasks.map(figureOf);
}

interface Timed {
  call: () => unknown;
  /** Once, before the first call. */
  prepare: () => void;
  /** Before every call. */
  before: () => void;
}

function addTasks(
  bench: Bench,
  peer: Peer,
  texts: readonly string[],
  requests: readonly string[],
  operations: readonly Operation[],
): void {
  const tree = peer.create(TENANTS);
  let next = 0;
  let now = 0;
  const tenantOf = (index: number) => TENANTS[index % TENANTS.length]!;
  const step = () => {
    next = (next + 1) % texts.length;
  };
  const empty = () => {
    tree.clear();
    next = texts.length - 1;
  };
  const fill = () => {
    for (let i = 0; i < texts.length; i++) tree.insert(texts[i]!, tenantOf(i), ++now);
    next = 0;
  };
  const insert = () => tree.insert(requests[next]!, tenantOf(next), ++now);
  const among = tree.prefixMatchAmong?.bind(tree);
  const evict = tree.evictTenantByLru?.bind(tree);

  const timed: Record<Operation, Timed | undefined> = {
    "insert, new text": {
      call: insert,
      prepare: empty,
      before: () => {
        step();
        if (next === 0) tree.clear();
      },
    },
    "insert, text already there": { call: insert, prepare: fill, before: step },
    "prefix_match, whole text": { call: () => tree.prefixMatch(requests[next]!), prepare: fill, before: step },
    "prefix_match, tenants named": among && {
      call: () => among(requests[next]!, TENANTS),
      prepare: fill,
      before: step,
    },
    "evict_tenant_by_lru, one run": evict && evictionOf(evict),
  };
  for (const operation of operations) {
    const task = timed[operation];
    if (task) bench.add(operation, task.call, { async: false, beforeAll: task.prepare, beforeEach: task.before });
  }

  /** The tenants take turns; when the last call found nothing left, the tree is filled again. */
  function evictionOf(evict: (tenant: string, least: number) => number): Timed {
    let removed = 1;
    return {
      call: () => {
        removed = evict(tenantOf(next), 1);
      },
      prepare: fill,
      before: () => {
        step();
        if (removed > 0) return;
        fill();
        removed = 1;
      },
    };
  }
}

function figureOf({ name, result }: Task): Figure {
  if (result.state !== "completed") throw new Error(`${name}: ${result.state}`);
  const { latency } = result;
  return {
    operation: name as Operation,
    p50Us: microseconds(latency.p50),
    p99Us: microseconds(latency.p99),
    meanUs: microseconds(latency.mean),
    samples: latency.samplesCount,
  };
}

function microseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6) / 1e3;
}
