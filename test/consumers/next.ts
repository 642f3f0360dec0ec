import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { readConsole } from "../runtimes/chromium.js";
import {
  type Built,
  type Consumer,
  PROGRAMS,
  type Program,
  type Row,
  type Scratch,
  type Size,
  sizeOf,
  tool,
} from "./consumer.js";

const PATIENCE_MS = 60_000;

/** The same without the package: what Next itself weighs. */
const EMPTY = "empty";
type Route = Program | typeof EMPTY;

/** Where a program is put in the app, and what of the build belongs to it. */
interface Place {
  readonly name: string;
  source(importing: string): string;
  readonly file: string;
  readonly path: string;
  files(scratch: Scratch, route: Route, html: string): string[];
}

const handler = (runtime: string) => (importing: string) =>
  `${importing}
export const runtime = "${runtime}";
export const dynamic = "force-dynamic";
export const GET = async () => new Response(await program());
`;

const EDGE: Place = {
  name: "edge route",
  path: "api/edge",
  file: "route.js",
  source: handler("edge"),
  files({ folder }, route) {
    const manifest = readJson(join(folder, ".next/server/middleware-manifest.json"));
    const { files, wasm } = manifest.functions[`/api/edge/${route}/route`];
    const paths: string[] = [...files, ...wasm.map(({ filePath }: { filePath: string }) => filePath)];
    return paths.map((path) => join(folder, ".next", path));
  },
};

const NODE: Place = {
  name: "Node route",
  path: "api/node",
  file: "route.js",
  source: handler("nodejs"),
  files({ folder }, route) {
    const entry = join(folder, ".next/server/app/api/node", route, "route.js");
    const { files } = readJson(`${entry}.nft.json`) as { files: string[] };
    // What it takes from node_modules is Next's own.
    const traced = files.map((file) => join(dirname(entry), file)).filter((file) => !file.includes("/node_modules/"));
    return [entry, ...traced];
  },
};

const CLIENT: Place = {
  name: "client component",
  path: "page",
  file: "page.js",
  source: (importing) => `"use client";
import { useEffect } from "react";
${importing}
export default function Page() {
  useEffect(() => { program().then(console.log); }, []);
  return null;
}
`,
  files: ({ folder }, _route, html) =>
    [...html.matchAll(/<script src="\/_next\/([^"]+)"/g)].map(([, path]) => join(folder, ".next", decodeURI(path!))),
};

/** One app with every program in every place. */
function next(name: string, flag: string, places: readonly Place[]): Consumer {
  return {
    name,
    package: "next",
    command: `next build ${flag} && next start`,
    async build(scratch) {
      writeApp(scratch, places);
      await tool(scratch.folder, "next", "build", flag);
      return withServer(scratch, async (origin) => {
        const rows: Row[] = [];
        for (const place of places) {
          rows.push({
            name: `${name}, ${place.name}`,
            built: await inPlace(scratch, place, `${origin}/${place.path}`),
          });
        }
        return rows;
      });
    },
  };
}

export const NEXT: readonly Consumer[] = [
  next("Next", "--turbopack", [EDGE, NODE, CLIENT]),
  // Next 16.4.6 fails at any edge route handler when it builds with webpack, an empty one too.
  next("Next with webpack", "--webpack", [NODE, CLIENT]),
];

/** What each program adds in one place, and what it prints there. */
async function inPlace(scratch: Scratch, place: Place, url: string): Promise<Built[]> {
  const text = async (route: Route) => (await fetch(`${url}/${route}`)).text();
  const empty = sizeOf(place.files(scratch, EMPTY, await text(EMPTY)));
  const built: Built[] = [];
  for (const program of PROGRAMS) {
    const answer = await text(program);
    const size = beyond(sizeOf(place.files(scratch, program, answer)), empty);
    const printed = new Map<string, string>();
    if (place !== CLIENT) printed.set("next start", answer);
    else if (scratch.chromium) printed.set("Chromium", await open(scratch, `${url}/${program}`));
    built.push({ program, size, printed });
  }
  return built;
}

function writeApp({ folder }: Scratch, places: readonly Place[]): void {
  for (const made of ["app", ".next"]) rmSync(join(folder, made), { recursive: true, force: true });
  mkdirSync(join(folder, "app"));
  writeFileSync(
    join(folder, "app/layout.js"),
    "export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n",
  );
  for (const place of places) for (const route of [...PROGRAMS, EMPTY] as const) writeRoute(folder, place, route);
}

function writeRoute(folder: string, place: Place, route: Route): void {
  const at = join(folder, "app", place.path, route);
  const up = "../".repeat(place.path.split("/").length + 2);
  const importing =
    route === EMPTY ? 'const program = async () => "";' : `import { program } from "${up}programs/${route}.js";`;
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, place.file), place.source(importing));
}

async function withServer<T>({ folder }: Scratch, use: (origin: string) => Promise<T>): Promise<T> {
  const child = spawn(join(folder, "node_modules/.bin/next"), ["start", "--port", "0"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: PATIENCE_MS,
  });
  try {
    let origin: string | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      origin ??= /http:\/\/localhost:\d+/.exec(line)?.[0];
      if (line.includes("Ready")) break;
    }
    if (origin === undefined) throw new Error("next start ended before it told its address");
    return await use(origin);
  } finally {
    child.kill();
  }
}

function open({ folder }: Scratch, url: string): Promise<string> {
  return readConsole(folder, { url, last: (text) => text.startsWith("{"), patienceMs: PATIENCE_MS });
}

function beyond(size: Size, other: Size): Size {
  return { raw: size.raw - other.raw, gzip: size.gzip - other.gzip };
}

// biome-ignore lint/suspicious/noExplicitAny: Next's manifests, read by their documented fields.
function readJson(file: string): any {
  return JSON.parse(readFileSync(file, "utf8"));
}
