import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileDiscovery } from "../../../src/cli/discovery/file.js";
import { folder } from "../files.js";
import { watched } from "./support.js";

test("urls, or replicas with all that may be said of them, in YAML or JSON", async () => {
  const path = join(
    folder({ "replicas.yaml": "- http://10.0.0.1:8000\n- { id: b, url: http://10.0.0.2, zone: z }\n" }),
    "replicas.yaml",
  );
  const { becomes, last } = watched(fileDiscovery({ path }));
  await becomes("10.0.0.1:8000 http://10.0.0.1:8000", "b http://10.0.0.2");
  expect(last()[1]).toEqual({ id: "b", url: "http://10.0.0.2", zone: "z" });
  writeFileSync(path, '["http://10.0.0.3"]');
  await becomes("10.0.0.3 http://10.0.0.3");
});

test("a file that is not there yet, or wrong, changes nothing, and what is wrong is told with its place", async () => {
  const path = join(folder(), "replicas.yaml");
  const { becomes, told, problem } = watched(fileDiscovery({ path }));
  await problem(/replicas\.yaml cannot be read/);
  writeFileSync(path, "- http://10.0.0.1\n");
  await becomes("10.0.0.1 http://10.0.0.1");
  for (const [text, message] of [
    ["- url: http://10.0.0.1\n  weight: 5\n", /replicas\.yaml:2:3: unknown key "weight"; /],
    ["- http://10.0.0.1\n- simulated: {}\n", /replicas\.yaml:2:3: unknown key "simulated"; /],
    ["- http://10.0.0.1\n- 10.0.0.2\n", /replicas\.yaml:2:3: url must be an http or https address/],
    ["- http://10.0.0.1\n- http://10.0.0.1/\n", /replicas\.yaml:2:3: there is a replica "10\.0\.0\.1" already/],
    ["replicas: []\n", /replicas\.yaml:1:1: it must be a list of urls or replicas/],
  ] as const) {
    writeFileSync(path, text);
    await problem(message);
  }
  expect(told).toHaveLength(1);
  writeFileSync(path, "[]\n");
  await becomes();
});
