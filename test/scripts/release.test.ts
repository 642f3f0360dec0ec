import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { compareVersions, nextVersion } from "../../scripts/release/version.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "warmroute-release-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const CHANGELOG =
  "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n## [0.1.0] - 2026-01-01\n\n- The first.\n";
const MANIFEST = { name: "thing", version: "0.1.0", repository: "github:someone/thing" };

/** A package in a repository with a remote of its own, all of it committed and pushed. */
function project(files: Record<string, string> = {}) {
  const folder = mkdtempSync(join(scratch, "project-"));
  const remote = `${folder}.git`;
  const git = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("git", args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  const read = (file: string) => readFileSync(join(folder, file), "utf8");
  const all = { "package.json": JSON.stringify(MANIFEST, null, 2), "CHANGELOG.md": CHANGELOG, ...files };
  for (const [file, text] of Object.entries(all)) write(file, text);
  git("init", "--quiet", "--initial-branch", "main");
  git("config", "user.name", "A tester");
  git("config", "user.email", "tester@example.com");
  git("add", ".");
  git("commit", "--quiet", "-m", "first");
  mkdirSync(remote);
  spawnSync("git", ["init", "--quiet", "--bare", remote]);
  git("remote", "add", "origin", remote);
  git("push", "--quiet", "--set-upstream", "origin", "main");
  const release = (...args: string[]) =>
    spawnSync(join(root, "node_modules/.bin/tsx"), [join(root, "scripts/release/main.ts"), ...args], {
      cwd: folder,
      encoding: "utf8",
    });
  return { git, write, read, release, remote };
}

const SLOW = { timeout: 60_000 };

describe("npm run release", () => {
  test("without --yes shows the steps and what would be packed, and changes nothing", SLOW, () => {
    const { git, release } = project();
    const before = git("rev-parse", "HEAD");
    const { status, stdout, stderr } = release("minor");
    expect(stdout).toContain("thing 0.1.0 → 0.2.0 (dry run; --yes does it)");
    expect(stdout).toContain("would tag the commit: v0.2.0");
    expect(stdout).toContain("would push main and v0.2.0 to origin");
    expect(stdout).toContain("publish from the workflow that the tag starts: npm publish --provenance");
    expect(stderr).toContain("CHANGELOG.md");
    expect(status).toBe(0);
    expect(git("rev-parse", "HEAD")).toBe(before);
    expect(git("status", "--porcelain")).toBe("");
    expect(git("tag")).toBe("");
  });

  test("with --yes writes the version and the changelog, commits, tags and pushes both", SLOW, () => {
    const { git, read, release, remote } = project({
      "jsr.json": '{\n  "name": "@a/thing",\n  "version": "0.1.0"\n}\n',
    });
    const { status, stderr } = release("minor", "--yes");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(JSON.parse(read("package.json")).version).toBe("0.2.0");
    expect(JSON.parse(read("jsr.json"))).toEqual({ name: "@a/thing", version: "0.2.0" });
    expect(read("CHANGELOG.md")).toMatch(
      /## \[Unreleased\]\n\n## \[0\.2\.0\] - \d{4}-\d\d-\d\d\n\n### Added\n\n- A thing\./,
    );
    expect(git("log", "-1", "--format=%s")).toBe("0.2.0");
    expect(git("status", "--porcelain")).toBe("");
    expect(git("rev-parse", "v0.2.0^{commit}")).toBe(git("rev-parse", "HEAD"));
    const pushed = git("ls-remote", remote, "main", "v0.2.0^{}");
    expect(pushed.split("\n").map((line) => line.split("\t")[0])).toEqual(Array(2).fill(git("rev-parse", "HEAD")));
  });

  test("releases the version that package.json has, when that was never released", SLOW, () => {
    const { git, release } = project();
    expect(release("0.1.0", "--yes").status).toBe(0);
    expect(git("tag")).toBe("v0.1.0");
    expect(release("0.1.0", "--yes").stdout).toContain("✗ the tag v0.1.0 must not be there yet");
  });

  test("tells everything that is wrong at once, and changes nothing", SLOW, () => {
    const { git, write, read, release } = project({
      "package.json": JSON.stringify({ name: "thing", version: "0.1.0", private: true }),
      "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n### Added\n\n## [0.1.0]\n\n- The first.\n",
    });
    git("checkout", "--quiet", "-b", "other");
    git("tag", "v0.1.1");
    write("left.txt", "here");
    const { status, stdout, stderr } = release("patch", "--yes");
    expect(status).toBe(1);
    expect(stderr).toBe("release: nothing was changed\n");
    expect(stdout.match(/✗ .*/g)).toEqual([
      "✗ the branch must be main, not other",
      "✗ the working tree must be clean, and has changes:",
      '✗ CHANGELOG.md must say what is new under "## [Unreleased]"',
      "✗ package.json must not be private",
      "✗ package.json must have a repository: npm compares it with where the package was built",
      "✗ the tag v0.1.1 must not be there yet",
    ]);
    expect(JSON.parse(read("package.json")).version).toBe("0.1.0");
    expect(git("status", "--porcelain")).toBe("?? left.txt");
  });

  test("wants what others have pushed first", SLOW, () => {
    const { git, write, release } = project();
    write("more.txt", "more");
    git("add", ".");
    git("commit", "--quiet", "-m", "second");
    git("push", "--quiet");
    git("reset", "--quiet", "--hard", "HEAD~1");
    expect(release("patch", "--yes").stdout).toContain(
      "✗ the branch must have all of origin/main, and lacks 1 of its commits",
    );
  });

  test("says how to take the commit back when the push is refused", SLOW, () => {
    const { git, release, remote } = project();
    writeFileSync(join(remote, "hooks/pre-receive"), "#!/bin/sh\necho not today >&2\nexit 1\n", { mode: 0o755 });
    const before = git("rev-parse", "HEAD");
    const { status, stderr } = release("patch", "--yes");
    expect(status).toBe(1);
    expect(stderr).toContain("not today");
    const undo = /take back the commit and its tag: (.*)/.exec(stderr)![1]!;
    for (const command of undo.split("; ")) git(...command.split(" ").slice(1));
    expect(git("rev-parse", "HEAD")).toBe(before);
    expect(git("tag")).toBe("");
  });

  test("refuses a command line that it does not understand", SLOW, () => {
    const { release } = project();
    expect(release().stderr).toBe("release: say what to release: patch, minor, major or a version like 0.1.1\n");
    expect(release("soon").stderr).toContain('not "soon"');
    expect(release("0.0.9").stderr).toBe("release: 0.0.9 is before 0.1.0, the version of package.json\n");
    expect(release("patch", "--force").stderr).toBe("release: there is --yes, and no --force\n");
    expect(release("patch", "minor").status).toBe(1);
  });
});

describe("versions", () => {
  test.each([
    ["0.1.0", "patch", "0.1.1"],
    ["0.1.9", "minor", "0.2.0"],
    ["0.9.9", "major", "1.0.0"],
    ["1.0.0-rc.1", "patch", "1.0.0"],
    ["1.0.0", "1.1.0-rc.1", "1.1.0-rc.1"],
  ])("%s, %s: %s", (current, wish, next) => {
    expect(nextVersion(current, wish)).toBe(next);
  });

  test("come in the order of Semantic Versioning's own example", () => {
    const order = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"];
    order.push("1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0");
    expect([...order].reverse().sort(compareVersions)).toEqual(order);
  });
});
