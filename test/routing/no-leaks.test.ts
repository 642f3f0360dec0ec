import { afterEach, expect, test, vi } from "vitest";
import {
  type Lease,
  NoReplicaError,
  type PolicyRequest,
  QueueFullError,
  QueueTimeoutError,
  Router,
} from "../../src/index.js";
import fc from "../properties.js";
import { named, settled, VirtualTime } from "./support.js";

const ACTIONS = [
  "route",
  "route",
  "route",
  "acquire",
  "acquire",
  "accept",
  "firstToken",
  "reject",
  "retry",
  "release",
  "release",
  "dispose",
  "abort",
  "remove",
  "add",
  "limit",
  "load",
  "fail",
  "mend",
  "pass",
] as const;

const IDS = ["a", "b", "c", "d"];

/** What may come of a call besides its result. */
const EXPECTED = /^failure: |has accepted the request|has been released already|^aborted$|retryOf must be/;

/** What may fail, all at once or by itself. */
const PARTS = ["choose", "policy", "clock", "timers", "signal"] as const;

afterEach(() => void vi.restoreAllMocks());

test("whatever happens and fails in whatever order, queue lengths are the live leases all along, and 0 in the end", async () => {
  const step = fc.tuple(fc.constantFrom(...ACTIONS), fc.nat(), fc.nat({ max: 20 }));
  const seen: Record<string, number> = {};
  const failed: Record<string, number> = {};
  // What fails where nobody can be told is told here.
  vi.spyOn(console, "error").mockImplementation(() => {});
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("pow_of_2", "prefix_aware", "kv_cost", "session", "own"),
      fc.constantFrom("choice", "accept"),
      fc.constantFrom("exact", "fifo"),
      fc.array(step, { minLength: 150, maxLength: 300 }),
      async (name, insertAt, matching, steps) => {
        const time = new VirtualTime();
        const fails = new Set<(typeof PARTS)[number]>();
        const orFail = (part: (typeof PARTS)[number]): void => {
          if (!fails.has(part)) return;
          failed[part] = (failed[part] ?? 0) + 1;
          throw new Error(`failure: ${part}`);
        };
        const failing = () => orFail("policy");
        const { choose } = named();
        const own = {
          ...named(),
          choose: (request: PolicyRequest) => {
            orFail("choose");
            return choose(request);
          },
          onRouted: failing,
          onAccepted: failing,
          onFirstToken: failing,
          onRejected: failing,
          onReleased: failing,
        };
        let list = IDS.map((id, i) => ({ id, maxOngoingRequests: i + 1 }));
        const router = new Router({
          policy: name === "own" ? own : name,
          insertAt,
          matching,
          replicas: list,
          maxQueuedRequests: 5,
          queueTimeoutMs: 300,
          leaseIdleSecs: 2,
          clock: () => {
            orFail("clock");
            return time.clock();
          },
          timers: {
            setTimeout: (callback, ms) => {
              orFail("timers");
              return time.timers.setTimeout(callback, ms);
            },
            clearTimeout: (handle) => {
              orFail("timers");
              time.timers.clearTimeout(handle);
            },
          },
          onForgottenLease: () => {},
        });
        const leases: Lease[] = [];
        const replicas = new Set(router.replicas);
        const controllers: AbortController[] = [];
        const attempt = (call: () => void): void => {
          try {
            call();
          } catch (error) {
            check(error);
          }
        };
        const check = (error: unknown): void => {
          const expected =
            error instanceof NoReplicaError || error instanceof QueueFullError || error instanceof QueueTimeoutError;
          if (!expected && !EXPECTED.test((error as Error).message)) throw error;
        };
        const change = (): void => {
          attempt(() => router.updateReplicas(list));
          for (const replica of router.replicas) replicas.add(replica);
        };
        const wrong: unknown[] = [];
        const keep = (promise: Promise<Lease>): void =>
          void promise
            .then((lease) => void leases.push(lease))
            .catch((error) => {
              try {
                check(error);
              } catch {
                wrong.push(error);
              }
            });

        for (const [what, which, number] of steps) {
          seen[what] = (seen[what] ?? 0) + 1;
          const lease = leases[which % leases.length];
          const request = { text: `${IDS[which % 4]}bcabcabc`.slice(0, number % 9) + (which % 50) };
          const controller = new AbortController();
          controllers.push(controller);
          const { signal } = controller;
          for (const name of ["addEventListener", "removeEventListener"] as const) {
            const call = signal[name].bind(signal) as () => void;
            Object.defineProperty(signal, name, {
              value: (...given: []) => {
                orFail("signal");
                call(...given);
              },
            });
          }
          const id = IDS[which % 4]!;
          const options = number % 2 ? { signal } : {};
          switch (what) {
            case "route":
              attempt(() => leases.push(router.route(request, options)));
              break;
            case "acquire":
              keep(router.acquire(request, options));
              break;
            case "abort":
              controllers[which % controllers.length]!.abort(new Error("aborted"));
              break;
            case "pass":
              await time.pass(number * 50);
              // When nobody's backoff can last, nobody waits beside a free place.
              if (number >= 10 && router.replicas.some(({ hasRoom }) => hasRoom)) expect(router.waiting).toBe(0);
              break;
            case "fail":
              fails.add(PARTS[which % PARTS.length]!);
              break;
            case "mend":
              fails.clear();
              break;
            case "load":
              attempt(() => router.setLoad(id, { running: number, waiting: 0 }));
              break;
            case "remove":
              list = list.filter((replica) => replica.id !== id);
              change();
              break;
            case "add":
              if (!list.some((replica) => replica.id === id)) list = [...list, { id, maxOngoingRequests: 2 }];
              change();
              break;
            case "limit":
              list = list.map((each) => (each.id === id ? { id, maxOngoingRequests: 1 + (number % 5) } : each));
              change();
              break;
            case "retry":
              if (lease !== undefined) keep(router.acquire(request, { retryOf: lease }));
              break;
            case "reject":
              attempt(() => lease?.reject({ queueLength: number }));
              break;
            case "dispose":
              attempt(() => lease?.[Symbol.dispose]());
              break;
            default:
              attempt(() => lease?.[what]());
          }
          await settled();

          const live = leases.filter((each) => each.live);
          for (const replica of replicas) {
            const count = live.filter((each) => each.replica === replica).length;
            if (replica.queueLength !== count) throw new Error(`${replica.id}: ${replica.queueLength}, not ${count}`);
          }
          if (router.leases !== live.length) throw new Error(`${router.leases} leases, not ${live.length}`);
        }
        fails.clear();
        for (const lease of leases) lease[Symbol.dispose]();
        await time.pass(1000);
        for (const lease of leases) lease[Symbol.dispose]();
        expect(wrong).toEqual([]);
        expect([router.leases, router.waiting]).toEqual([0, 0]);
        expect([...replicas].map(({ queueLength }) => queueLength)).toEqual([...replicas].map(() => 0));
        await time.pass(3000);
        expect(time.pending).toBe(0);
      },
    ),
    { numRuns: 300, endOnFailure: true },
  );
  expect(Object.values(seen).reduce((sum, count) => sum + count)).toBeGreaterThan(10_000);
  for (const action of ACTIONS) expect(seen[action], action).toBeGreaterThan(100);
  for (const part of PARTS) expect(failed[part], part).toBeGreaterThan(100);
}, 60_000);
