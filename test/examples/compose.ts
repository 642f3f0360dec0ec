import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { run } from "../cli/support.js";
import { ROOT } from "./root.js";
import { MODEL, simulated } from "./support.js";

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly deploy?: { readonly resources: { readonly reservations: { readonly devices: readonly Device[] } } };
}

interface Device {
  readonly driver: string;
  readonly device_ids: readonly string[];
  readonly capabilities: readonly string[];
}

/** What an engine's own command line takes, and what it must be given here. */
export interface Engine {
  readonly entrypoint: readonly string[];
  /** Its flags, as in its source, that may be used; `true` where one has a value. */
  readonly flags: Readonly<Record<string, boolean>>;
  readonly needed: readonly string[];
}

/** The tests of an example with a compose file: as far as they go without GPUs. */
export function composeExample(example: string, engine: Engine): void {
  const folder = join(ROOT, "examples", example);
  const compose: { services: Record<string, Service>; volumes: object } = parse(
    readFileSync(join(folder, "compose.yaml"), "utf8"),
    { merge: true },
  );
  const text = readFileSync(join(folder, "warmroute.yaml"), "utf8");
  const config = parse(text);
  const { warmroute, ...engines } = compose.services;
  const [model] = config.models;

  describe(`examples/${example}/compose.yaml`, () => {
    test("has a server for each replica, at its address", () => {
      const urls = model.replicas.map(({ url }: { url: string }) => url);
      expect(urls).toEqual(Object.keys(engines).map((name) => `http://${name}:8000`));
      expect(urls).toHaveLength(2);
      expect(model.replicas.map(({ id }: { id: string }) => id)).toEqual(Object.keys(engines));
    });

    test("gives each a GPU of its own", () => {
      const devices = Object.values(engines).map(({ deploy }) => deploy!.resources.reservations.devices);
      expect(devices).toEqual(
        Object.keys(engines).map((_, i) => [{ driver: "nvidia", device_ids: [`${i}`], capabilities: ["gpu"] }]),
      );
    });

    test.each(Object.entries(engines))(
      "%s has flags that the engine knows, and those that are needed",
      (_, service) => {
        expect(service.entrypoint).toEqual(engine.entrypoint);
        const flags = service.command.filter((each) => each.startsWith("--")).map((each) => each.split("="));
        for (const [flag, ...value] of flags) expect([flag, value.length > 0]).toEqual([flag, engine.flags[flag!]]);
        expect(flags.map(([flag]) => flag)).toEqual(expect.arrayContaining([...engine.needed]));
        expect(service.command).toContain("--port=8000");
        expect(service.healthcheck!.test.at(-1)).toBe(`http://localhost:8000${config.health.path}`);
        const most = service.command.find((each) => /^--max-(num-seqs|running-requests)=/.test(each))!;
        expect(Number(most.split("=")[1])).toBe(model.maxOngoingRequests);
      },
    );

    test("serves one model everywhere: the environment's, or the same without it", () => {
      const told = [
        model.name,
        warmroute!.environment.MODEL,
        ...Object.values(engines).map(({ command }) => command[0]!.replace("--model-path=", "")),
      ];
      expect(new Set(told)).toEqual(new Set([`\${MODEL:-${MODEL}}`]));
    });

    test("runs warmroute out of this repository's Containerfile, with the file beside it, for this machine only", () => {
      expect(warmroute!.build).toEqual({ context: "../..", dockerfile: "Containerfile" });
      const [mounted] = warmroute!.volumes;
      expect(mounted).toBe(`./warmroute.yaml:${warmroute!.command[0]}:ro`);
      // What the image's entrypoint ends with, `serve --host 0.0.0.0 --port 8000`, takes the file as its argument.
      expect(readFileSync(join(ROOT, "Containerfile"), "utf8")).toContain('"--host", "0.0.0.0", "--port", "8000"]');
      expect(warmroute!.ports).toEqual(["127.0.0.1:8000:8000"]);
    });

    test("names the volumes that it uses", () => {
      const named = Object.values(engines).map(({ volumes }) => volumes[0]!.split(":")[0]);
      expect(new Set(named)).toEqual(new Set(Object.keys(compose.volumes)));
    });

    const canCheck = spawnSync("docker", ["compose", "version"]).status === 0;
    test.skipIf(!canCheck)("is one that docker compose takes", () => {
      const { status, stderr } = spawnSync("docker", ["compose", "config", "--quiet"], { cwd: folder });
      expect([status, String(stderr)]).toEqual([0, ""]);
    });
  });

  describe(`examples/${example}/warmroute.yaml`, () => {
    const replicas = simulated(2);

    test("is right", () => {
      const main = join(ROOT, "dist/cli/main.js");
      const { status, stdout, stderr } = spawnSync(process.execPath, [main, "config", "check", "warmroute.yaml"], {
        cwd: folder,
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(`${MODEL}: prefix_aware, 2 replicas`);
    });

    test("keeps a conversation on one replica, with simulated ones in the place of the GPUs", async () => {
      const path = mkdtempSync(join(tmpdir(), `warmroute-${example}-`));
      afterAll(() => rmSync(path, { recursive: true }));
      const moved = Object.keys(engines).reduce(
        (moved, name, i) => moved.replace(`http://${name}:8000`, replicas.urls[i]!),
        text,
      );
      writeFileSync(join(path, "warmroute.yaml"), moved);
      const args = ["serve", join(path, "warmroute.yaml"), "--port", "0"];
      const served = run(process.execPath, [join(ROOT, "dist/cli/main.js"), ...args]);
      onTestFinished(() => void served.child.kill("SIGKILL"));
      const { url } = JSON.parse(await served.line(/"event":"listening"/));
      expect((await fetch(`${url}/ready`)).status).toBe(200);
      const ask = async () => {
        const messages = [{ role: "user", content: "Why is the sky blue? ".repeat(20) }];
        const body = JSON.stringify({ model: MODEL, messages, max_tokens: 4 });
        const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", body });
        return { replica: answer.headers.get("x-warmroute-replica"), ...((await answer.json()) as Answer) };
      };
      const [first, second] = [await ask(), await ask()];
      expect(second.replica).toBe(first.replica);
      expect(second.usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(64);
      served.child.kill("SIGTERM");
      expect(await served.exit).toBe(0);
    });
  });
}

interface Answer {
  readonly usage: { readonly prompt_tokens_details: { readonly cached_tokens: number } };
}
