import fc from "fast-check";
import { expect, test } from "vitest";
import { type Lease, NoReplicaError, QueueFullError, QueueTimeoutError, Router } from "../../src/index.js";
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
  "pass",
] as const;

const IDS = ["a", "b", "c", "d"];

/** What may come of a call besides its result. */
const EXPECTED = /has accepted the request|has been released already|^the policy fails$|^aborted$|retryOf must be/;

test("whatever happens in whatever order, queue lengths are the live leases all along, and 0 in the end", async () => {
  const step = fc.tuple(fc.constantFrom(...ACTIONS), fc.nat(), fc.nat({ max: 20 }));
  const seen: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("pow_of_2", "prefix_aware", "own"),
      fc.constantFrom("choice", "accept"),
      fc.constantFrom("exact", "fifo"),
      fc.array(step, { minLength: 150, maxLength: 300 }),
      async (name, insertAt, matching, steps) => {
        const time = new VirtualTime();
        let fails = false;
        const failing = () => {
          if (fails) throw new Error("the policy fails");
        };
        const own = { ...named(), onRouted: failing, onAccepted: failing, onRejected: failing, onReleased: failing };
        let list = IDS.map((id, i) => ({ id, maxOngoingRequests: i + 1 }));
        const router = new Router({
          policy: name === "own" ? own : name,
          insertAt,
          matching,
          replicas: list,
          maxQueuedRequests: 5,
          queueTimeoutMs: 300,
          leaseIdleSecs: 2,
          clock: time.clock,
          timers: time.timers,
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
          const id = IDS[which % 4]!;
          const options = number % 2 ? { signal: controller.signal } : {};
          switch (what) {
            case "route":
              attempt(() => leases.push(router.route(request, options)));
              break;
            case "acquire":
              keep(router.acquire(request, options));
              break;
            case "abort":
              fails = false;
              controllers[which % controllers.length]!.abort(new Error("aborted"));
              break;
            case "pass":
              fails = false;
              await time.pass(number * 50);
              // When nobody's backoff can last, nobody waits beside a free place.
              if (number >= 10 && router.replicas.some(({ hasRoom }) => hasRoom)) expect(router.waiting).toBe(0);
              break;
            case "fail":
              fails = number % 4 === 0;
              break;
            case "load":
              router.setLoad(id, { running: number, waiting: 0 });
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
        fails = false;
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
    { numRuns: 150, endOnFailure: true },
  );
  expect(Object.values(seen).reduce((sum, count) => sum + count)).toBeGreaterThan(10_000);
  for (const action of ACTIONS) expect(seen[action]).toBeGreaterThan(100);
}, 60_000);
