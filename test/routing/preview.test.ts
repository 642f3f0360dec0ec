import { describe, expect, test } from "vitest";
import {
  type Decision,
  type Lease,
  NoPreviewError,
  NoReplicaError,
  POLICIES,
  type Policy,
  type PolicyName,
  QueueFullError,
  type RouteRequest,
  Router,
  type RouterOptions,
} from "../../src/index.js";
import fc from "../properties.js";

const NAMES = Object.keys(POLICIES) as PolicyName[];

/** Conversations that grow out of shared openings, prompts of token ids and bodies without a text. */
const requests: fc.Arbitrary<RouteRequest> = fc.oneof(
  fc
    .tuple(fc.nat({ max: 4 }), fc.nat({ max: 40 }), fc.nat({ max: 3 }))
    .map(([opening, turns, end]) => ({ prompt: `${"You are helpful. ".repeat(opening)}${"ab ".repeat(turns)}${end}` })),
  fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 80 })).map(([of, length]) => ({ prompt: new Array(length).fill(of) })),
  fc.constant({ prompt: null }),
  fc.nat({ max: 2 }).map((model) => ({ model: `m${model}`, prompt: "A model's name keeps texts apart. ".repeat(4) })),
);

const steps = fc.record({
  what: fc.constantFrom("route", "route", "route", "acquire", "reject", "accept", "release", "load", "replicas"),
  request: requests,
  session: fc.option(fc.nat({ max: 3 }).map(String)),
  exclude: fc.subarray(["a", "b", "c"], { maxLength: 2 }),
  number: fc.nat(),
  seconds: fc.nat({ max: 60 }),
});

type Step = typeof steps extends fc.Arbitrary<infer Each> ? Each : never;

const setups = fc.record({
  insertAt: fc.constantFrom("choice" as const, "accept" as const),
  matching: fc.constantFrom("exact" as const, "fifo" as const),
  seed: fc.nat({ max: 1000 }),
  explainEvery: fc.nat({ max: 3 }),
});

/** A router of its own with all that came of the steps so far. */
class Course {
  nowS = 0;
  readonly router: Router;
  readonly #leases: Lease[] = [];
  readonly told: unknown[] = [];

  constructor(options: Partial<RouterOptions> & { policy: PolicyName }) {
    this.router = new Router({
      replicas: ["a", "b", "c", "d"].map((id) => ({ id, maxOngoingRequests: 3 })),
      clock: () => this.nowS,
      ...options,
    });
  }

  take(step: Step): void {
    const { what, request, number } = step;
    const lease = this.#leases[number % Math.max(1, this.#leases.length)];
    if (what === "route") this.#route(step);
    else if (what === "acquire") {
      void this.router.acquire(request, { ...optionsOf(step), timeoutMs: Number.POSITIVE_INFINITY }).then(
        (granted) => this.#granted(granted),
        (error: Error) => this.told.push(error.message),
      );
    } else if (what === "load") {
      this.router.setLoad("b", { running: number % 9, waiting: 0, kvUsage: (number % 100) / 100 });
    } else if (what === "replicas") {
      const ids = ["a", "b", "c", "d", "e"].filter((_, i) => ((number >> i) & 1) === 0);
      this.router.updateReplicas(ids.map((id) => ({ id, maxOngoingRequests: 3 })));
    } else if (lease !== undefined) this.#end(lease, what);
  }

  /** What `preview` says, or throws. */
  preview(step: Step): unknown {
    try {
      const { decision, waitsFor } = this.router.preview(step.request, optionsOf(step));
      return { decision: decision && shown(decision), candidates: decision?.candidates, waitsFor };
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** All that can be seen of it. */
  get state(): unknown {
    const { tree, leases, waiting, replicas } = this.router;
    // A tree with ttlSecs hears of the time from whoever asks it; nothing else may come of being asked.
    tree?.expire(this.nowS);
    const loads = replicas.map((replica) => replica.load(this.nowS));
    return { leases, waiting, loads, tree: tree && { bytes: tree.snapshot(), inspected: tree.inspect() } };
  }

  #route(step: Step): void {
    try {
      this.#granted(this.router.route(step.request, { ...optionsOf(step), explain: true }));
    } catch (error) {
      this.told.push((error as Error).message);
    }
  }

  #granted(lease: Lease): void {
    this.#leases.push(lease);
    this.told.push(shown(lease.decision));
  }

  #end(lease: Lease, what: string): void {
    if (what === "accept") lease.firstToken();
    else {
      this.#leases.splice(this.#leases.indexOf(lease), 1);
      if (what === "release") lease.release();
      else if (lease.live) {
        try {
          lease.reject();
        } catch {
          lease.release();
        }
      }
    }
  }
}

function optionsOf({ session, exclude }: Step) {
  return { ...(session !== null && { session }), ...(exclude.length > 0 && { exclude: new Set(exclude) }) };
}

function shown(decision: Decision): object {
  const { replica, policy, reason, matchedChars, textChars, hitAvailable, hitChosen } = decision;
  return { replica, policy, reason, matchedChars, textChars, hitAvailable, hitChosen };
}

describe.each(NAMES)("%s", (policy) => {
  test("a preview leaves no trace: said twice it says the same, and what follows is as without it", async () => {
    await fc.assert(
      fc.asyncProperty(setups, fc.array(steps, { minLength: 5, maxLength: 60 }), async (setup, course) => {
        const asked = new Course({ policy, ...setup });
        const unasked = new Course({ policy, ...setup });
        for (const step of course) {
          for (const each of [asked, unasked]) each.nowS += step.seconds;
          const before = asked.state;
          expect(unasked.state).toEqual(before);
          const preview = asked.preview(step);
          expect(asked.preview(step)).toEqual(preview);
          expect(asked.state).toEqual(before);
          for (const each of [asked, unasked]) each.take(step);
          // Those that have their lease hear of it in a later turn.
          await new Promise((resolve) => setImmediate(resolve));
          expect(asked.told).toEqual(unasked.told);
        }
        expect(asked.state).toEqual(unasked.state);
        for (const { router } of [asked, unasked]) router[Symbol.dispose]();
      }),
      { numRuns: 40 },
    );
  });

  test("a preview says what happens next", async () => {
    await fc.assert(
      fc.asyncProperty(setups, fc.array(steps, { minLength: 5, maxLength: 40 }), async (setup, course) => {
        const { router } = new Course({ policy, ...setup });
        const live: Lease[] = [];
        for (const step of course) {
          if (step.what === "release") live.shift()?.release();
          const options = optionsOf(step);
          let said: ReturnType<Router["preview"]>;
          try {
            said = router.preview(step.request, options);
          } catch (error) {
            const { message } = error as Error;
            await expect(router.acquire(step.request, options)).rejects.toThrow(message);
            continue;
          }
          const leaving = new AbortController();
          const came = router.acquire(step.request, { ...options, explain: true, signal: leaving.signal });
          expect(router.waiting).toBe(said.decision === null ? 1 : 0);
          if (said.decision === null) {
            leaving.abort(new Error("gone"));
            await expect(came).rejects.toThrow("gone");
            continue;
          }
          const lease = await came;
          live.push(lease);
          expect(shown(said.decision)).toEqual(shown(lease.decision));
          expect(said.decision.candidates).toEqual(lease.decision.candidates);
          if (step.number % 3 === 0) live.pop()!.reject();
        }
        router[Symbol.dispose]();
      }),
      { numRuns: 40 },
    );
  });
});

describe("a request that would wait", () => {
  const full = (options: Partial<RouterOptions> = {}) => {
    const router = new Router({
      policy: "prefix_aware",
      replicas: ["a", "b"].map((id) => ({ id, maxOngoingRequests: 1 })),
      ...options,
    });
    const lease = router.route({ text: "x".repeat(100) });
    return { router, home: lease.replica.id };
  };

  test("for the replica that holds its text, though another has room", () => {
    const { router, home } = full();
    expect(router.preview({ text: "x".repeat(100) })).toEqual({ decision: null, waitsFor: home });
    expect(router.preview({ text: "another one" }).decision!.replica).not.toBe(home);
    expect(router.waiting).toBe(0);
  });

  test("for any, where places go to who waits longest", () => {
    const { router, home } = full({ matching: "fifo" });
    const exclude = new Set(["a", "b"].filter((id) => id !== home));
    expect(router.preview({ text: "y" }, { exclude })).toEqual({ decision: null, waitsFor: null });
  });

  test("for a replica, where there is none yet", () => {
    const router = new Router({ policy: "kv_cost", replicas: [] });
    expect(router.preview({ text: "y" })).toEqual({ decision: null, waitsFor: null });
  });

  test("or would not be let in", () => {
    const { router, home } = full({ maxQueuedRequests: 0 });
    expect(() => router.preview({ text: "x".repeat(100) })).toThrow(QueueFullError);
    expect(() => router.preview({ text: "y" }, { exclude: new Set(["a", "b"]) })).toThrow(NoReplicaError);
    expect(home).toMatch(/^[ab]$/);
  });
});

describe("a policy of the user's own", () => {
  const own = (more: Partial<Policy> = {}): Policy => ({
    name: "own",
    tree: null,
    choose: ({ candidates }) => ({ replica: candidates[0]!, reason: "custom", matchedChars: 0 }),
    ...more,
  });

  test("without preview is not asked, and the error says so", () => {
    let asked = 0;
    const choose: Policy["choose"] = ({ candidates }) => {
      asked++;
      return { replica: candidates[0]!, reason: "custom", matchedChars: 0 };
    };
    const router = new Router({ policy: own({ choose }), replicas: [{ id: "a" }] });
    expect(() => router.preview({ text: "x" })).toThrow(NoPreviewError);
    expect(() => router.preview({ text: "x" })).toThrow("the policy own has no preview");
    expect(asked).toBe(0);
  });

  test("with preview is asked, and what it draws is drawn again", () => {
    const make = ({ random }: { random: { below(limit: number): number } }): Policy => {
      const choose: Policy["choose"] = ({ candidates }) => {
        return { replica: candidates[random.below(candidates.length)]!, reason: "custom", matchedChars: 0 };
      };
      return own({ choose, preview: choose });
    };
    const router = new Router({ policy: make, replicas: ["a", "b", "c", "d"].map((id) => ({ id })) });
    for (let i = 0; i < 20; i++) {
      const { decision } = router.preview({ text: "x" });
      expect(router.route({ text: "x" }).decision.replica).toBe(decision!.replica);
    }
  });

  test("whose preview chooses what is no candidate is told so", () => {
    const preview = () => ({ replica: {} as never, reason: "custom" as const, matchedChars: 0 });
    const router = new Router({ policy: own({ preview }), replicas: [{ id: "a" }] });
    expect(() => router.preview({ text: "x" })).toThrow("which is no candidate");
  });
});

test("a journal has no line of it", () => {
  const lines: string[] = [];
  const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a" }] });
  router.record((line) => lines.push(line));
  const before = lines.length;
  router.preview({ text: "x" });
  expect(lines.length).toBe(before);
});
