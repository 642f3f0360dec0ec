import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProxyKind } from "./proxy.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The built command. */
export const WARMROUTE: string = path("../../../dist/cli/main.js");

/** Requests that Bun's `fetch` has under way at a time; the others wait. By default it is 256, fewer than the streams of a case. */
const BUN_REQUESTS = 65_336;

/** Programs that are looked for when nobody says where they are. */
export interface Programs {
  readonly nginx: string;
  readonly bun: string;
  /** A Python that has `sglang-router`, `smg` and `vllm-router` from PyPI. */
  readonly python: string;
}

/** What stands side by side. `--policy` is the prefix-aware one of each where it has one. */
export function proxyKinds({ nginx, bun, python }: Programs): ProxyKind[] {
  return [
    {
      name: "warmroute",
      command: (port, urls) => [
        process.execPath,
        WARMROUTE,
        "serve",
        "--port",
        String(port),
        "--quiet",
        ...urls.flatMap((url) => ["--replica", url]),
      ],
      missing: () => null,
    },
    {
      name: "pass-through",
      command: (port, urls) => [
        process.execPath,
        "--import",
        "tsx",
        path("../servers/pass-through.ts"),
        String(port),
        ...urls,
      ],
      missing: () => null,
    },
    {
      name: "warmroute in Bun",
      command: (port, urls) => [bun, path("../servers/bun.mjs"), String(port), ...urls],
      env: { BUN_CONFIG_MAX_HTTP_REQUESTS: String(BUN_REQUESTS) },
      missing: () => absent(bun, ["--version"]),
    },
    {
      name: "nginx",
      command: (port, urls) => [nginx, "-p", nginxFolder(port, urls), "-c", "nginx.conf", "-e", "stderr"],
      missing: () => absent(nginx, ["-v"]),
    },
    fromPython("sglang-router", "sglang_router.launch_router", "cache_aware", python),
    fromPython("smg", "smg.cli launch", "cache_aware", python),
    fromPython("vllm-router", "vllm_router.launch_router", "cache_aware", python),
  ];
}

function fromPython(name: string, module: string, policy: string, python: string): ProxyKind {
  const [main, ...before] = module.split(" ");
  return {
    name,
    command: (port, urls, spare) => [
      python,
      "-m",
      main!,
      ...before,
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--prometheus-port",
      String(spare),
      "--policy",
      policy,
      "--log-level",
      "error",
      "--worker-urls",
      ...urls,
    ],
    missing: () => absent(python, ["-c", `import ${main!.split(".")[0]}`]),
  };
}

function absent(program: string, args: readonly string[]): string | null {
  const { status, error } = spawnSync(program, args, { encoding: "utf8" });
  if (error !== undefined) return `${program} is not there`;
  return status === 0 ? null : `${program} ${args.join(" ")} fails`;
}

function nginxFolder(port: number, urls: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "warmroute-nginx-"));
  const servers = urls.map((url) => `server ${new URL(url).host};`).join(" ");
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off; client_max_body_size 16m; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  client_body_buffer_size 64k; keepalive_requests 1000000;
  upstream replicas { ${servers} keepalive 512; keepalive_requests 1000000; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://replicas; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; } }
}
`,
  );
  return folder;
}
