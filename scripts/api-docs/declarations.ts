// The public API out of freshly emitted declarations: the compiler leaves out what is `@internal`, and writes each signature
// as its user sees it. Read through TypeScript's own interface; typedoc and api-extractor bring a second compiler each, 48 MB
// with what they need.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { API } from "typescript/unstable/sync";
import type { Api } from "./model.js";
import { Reader } from "./reader.js";

/** `[specifier, path of its declarations in the folder]` */
export type EntryFile = readonly [string, string];

/** Of the package in the working folder: the entry points of its package.json, in that order. */
export function readApi(): Api {
  const folder = mkdtempSync(join(tmpdir(), "warmroute-api-"));
  try {
    emitDeclarations(folder);
    return readDeclarations(folder, entryFiles());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of a folder of declarations. */
export function readDeclarations(folder: string, entries: readonly EntryFile[]): Api {
  const policies = policyFiles(folder);
  const config = join(folder, "tsconfig.json");
  const compilerOptions = { module: "nodenext", lib: ["es2023", "esnext.disposable", "webworker"], types: [] };
  const files = [...entries.map(([, file]) => file), ...policies];
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  const api = new API();
  try {
    const project = api.updateSnapshot({ openProject: config }).getProjects()[0];
    if (project === undefined) throw new Error(`the declarations in ${folder} cannot be read`);
    const reader = new Reader(project, folder);
    return {
      entryPoints: reader.entryPoints(entries.map(([specifier, file]) => [specifier, join(folder, file)])),
      policies: policies.flatMap((file) => reader.policies(join(folder, file))),
    };
  } finally {
    api.close();
  }
}

function emitDeclarations(folder: string): void {
  const compiler = join("node_modules", "typescript", "bin", "tsc");
  const args = ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--outDir", folder];
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the declarations cannot be made:\n${stdout}`);
}

function entryFiles(): EntryFile[] {
  const { name, exports }: { name: string; exports: Record<string, { types?: string }> } = JSON.parse(
    readFileSync("package.json", "utf8"),
  );
  return Object.entries(exports).flatMap(([path, { types }]) =>
    types === undefined ? [] : [[name + path.slice(1), types.replace("./dist/", "")] as const],
  );
}

/** Where policies are: the comment of what makes one describes it. */
function policyFiles(folder: string): string[] {
  const within = join("routing", "policies");
  if (!existsSync(join(folder, within))) return [];
  return readdirSync(join(folder, within))
    .filter((file) => file.endsWith(".d.ts"))
    .sort()
    .map((file) => join(within, file));
}
