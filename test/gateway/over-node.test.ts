import { describe } from "vitest";
import { transport } from "./support.js";

// What is tested with the web's objects, once more with Node's own and undici, as `warmroute serve` serves.
transport.kind = "node";

describe("by Node's objects and undici", async () => {
  await import("./bad-requests.test.js");
  await import("./breaker.test.js");
  await import("./complaints.test.js");
  await import("./complaints-routing.test.js");
  await import("./drain.test.js");
  await import("./endpoints.test.js");
  await import("./failures.test.js");
  await import("./faults.test.js");
  await import("./health.test.js");
  await import("./keys.test.js");
  await import("./outcomes.test.js");
  await import("./pages.test.js");
  await import("./pass-through.test.js");
  await import("./reports.test.js");
  await import("./retries.test.js");
  await import("./slow-clients.test.js");
  await import("./streaming.test.js");
});
