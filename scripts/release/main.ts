// npm run release -- patch|minor|major|<version> [--yes]
// Gives package.json, jsr.json and CHANGELOG.md the version, commits, tags and pushes. The pushed tag starts
// .github/workflows/release.yml, which tests that commit and publishes it with provenance: npm can attest where a package
// was built only from there. Without --yes nothing is changed or pushed: it checks, shows the steps, and packs.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { releaseChangelog, unreleasedEntries } from "./changelog.js";
import { nextVersion } from "./version.js";

const BRANCH = "main";
const CHANGELOG = "CHANGELOG.md";
const JSR = "jsr.json";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly repository?: string | { readonly url?: string };
}

try {
  release(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`release: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

function release(args: readonly string[]): void {
  const unknown = args.filter((arg) => arg.startsWith("-") && arg !== "--yes");
  if (unknown.length > 0) throw new Error(`there is --yes, and no ${unknown.join(", ")}`);
  const [wish, ...more] = args.filter((arg) => !arg.startsWith("-"));
  if (more.length > 0) throw new Error(`one version at a time, not also ${more.join(", ")}`);
  const manifest: Manifest = JSON.parse(readFileSync("package.json", "utf8"));
  const version = nextVersion(manifest.version, wish);
  const isReal = args.includes("--yes");
  say(`${manifest.name} ${manifest.version} → ${version}${isReal ? "" : " (dry run; --yes does it)"}`);

  const problems = problemsWith(manifest, version);
  for (const problem of problems) say(`  ✗ ${problem}`);
  if (problems.length > 0 && isReal) throw new Error("nothing was changed");

  const steps = stepsTo(version);
  for (const { title, run } of steps) {
    say(`  ${isReal ? "" : "would "}${title}`);
    if (isReal) run();
  }
  say(
    `  ${isReal ? "" : "would then "}publish from the workflow that the tag starts: npm publish --provenance --access public`,
  );
  if (isReal) return;
  say("\nnpm pack --dry-run:");
  run("npm", ["pack", "--dry-run"], "inherit");
  if (problems.length > 0) throw new Error(`${problems.length} to be put right first (✗)`);
}

/** All of them at once, so that one run tells everything there is to do. */
function problemsWith(manifest: Manifest, version: string): string[] {
  const problems: string[] = [];
  const expect = (isRight: boolean, problem: string) => isRight || problems.push(problem);

  const branch = git("branch", "--show-current");
  expect(branch === BRANCH, `the branch must be ${BRANCH}, not ${branch || "a detached commit"}`);
  const changes = git("status", "--porcelain");
  expect(changes === "", `the working tree must be clean, and has changes:\n${changes.replace(/^/gm, "      ")}`);

  const entries = existsSync(CHANGELOG) ? unreleasedEntries(readFileSync(CHANGELOG, "utf8")) : null;
  expect(entries !== null, `${CHANGELOG} must have a heading "## [Unreleased]"`);
  expect(entries?.length !== 0, `${CHANGELOG} must say what is new under "## [Unreleased]"`);

  expect(manifest.private !== true, "package.json must not be private");
  const { repository } = manifest;
  const url = typeof repository === "string" ? repository : repository?.url;
  expect(url !== undefined, "package.json must have a repository: npm compares it with where the package was built");

  if (git("remote") === "") {
    problems.push("there must be a remote to push to");
    expect(git("tag", "--list", `v${version}`) === "", `the tag v${version} must not be there yet`);
    return problems;
  }
  const fetched = spawnSync("git", ["fetch", "--quiet", "--tags", "origin", BRANCH], { encoding: "utf8" });
  expect(fetched.status === 0, `origin must be reachable: ${fetched.stderr.trim()}`);
  expect(git("tag", "--list", `v${version}`) === "", `the tag v${version} must not be there yet`);
  if (fetched.status === 0) {
    const behind = git("rev-list", "--count", `HEAD..origin/${BRANCH}`);
    expect(behind === "0", `the branch must have all of origin/${BRANCH}, and lacks ${behind} of its commits`);
  }
  return problems;
}

function stepsTo(version: string): { title: string; run: () => void }[] {
  const tag = `v${version}`;
  const files = ["package.json", "package-lock.json", JSR, CHANGELOG].filter((file) => existsSync(file));
  const undo = `git tag --delete ${tag}; git reset --hard HEAD~1`;
  return [
    {
      title: `write version ${version} to ${files.join(", ")}`,
      run: () => {
        run("npm", ["version", version, "--no-git-tag-version", "--allow-same-version"]);
        if (existsSync(JSR)) {
          const jsr = readFileSync(JSR, "utf8");
          writeFileSync(JSR, jsr.replace(/("version": ")[^"]*/, `$1${version}`));
        }
        const date = new Date().toISOString().slice(0, 10);
        writeFileSync(CHANGELOG, releaseChangelog(readFileSync(CHANGELOG, "utf8"), version, date));
      },
    },
    { title: `commit them: "${version}"`, run: () => run("git", ["commit", "--quiet", "-m", version, "--", ...files]) },
    { title: `tag the commit: ${tag}`, run: () => run("git", ["tag", "--annotate", tag, "-m", tag]) },
    {
      title: `push ${BRANCH} and ${tag} to origin`,
      run: () => {
        try {
          run("git", ["push", "--quiet", "--atomic", "origin", BRANCH, tag]);
        } catch (error) {
          throw new Error(
            `${(error as Error).message}\nNothing was pushed. To take back the commit and its tag: ${undo}`,
          );
        }
      },
    },
  ];
}

function git(...args: string[]): string {
  return run("git", args);
}

/** @returns what it printed, if that is not to be seen. */
function run(command: string, args: readonly string[], output: "pipe" | "inherit" = "pipe"): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", output, output],
  });
  if (error !== undefined) throw new Error(`${command} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed${stderr ? `: ${stderr.trim()}` : ""}`);
  return stdout?.trimEnd() ?? "";
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
