import { beforeAll, describe, expect, test } from "vitest";
import type { Run } from "../../cli/support.js";
import { servesConversations } from "../conversations.js";
import { missing } from "../needs.js";
import { npmStart, origin, place, simulated } from "../support.js";

/** Tests an example that is the gateway as a program of its own. */
export function gatewayProgram(example: string): void {
  const absent = missing(example);
  describe.skipIf(absent !== null)(`examples/${example}${absent === null ? "" : ` (${absent})`}`, () => {
    const replicas = simulated(4);
    let started: Run;
    let url: string;
    beforeAll(async () => {
      started = npmStart(place(example), { REPLICAS: replicas.list(), PORT: "0" });
      url = await origin(started);
    });

    servesConversations({ baseURL: () => `${url}/v1`, replicaUrls: () => replicas.urls });

    test("SIGTERM ends it when the last answer has ended", async () => {
      started.child.kill("SIGTERM");
      expect(await started.exit, started.errors()).toBe(0);
    });
  });
}
