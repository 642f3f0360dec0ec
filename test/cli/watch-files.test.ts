import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { watchFiles } from "../../src/cli/watch-files.js";
import { folder, Until } from "./files.js";

/** What is read of a file whenever a change of it is told. */
function watched(file: string): { seen: (string | null)[]; until: Until } {
  const until = new Until();
  const seen: (string | null)[] = [];
  const watch = watchFiles(() => {
    try {
      seen.push(readFileSync(file, "utf8"));
    } catch {
      seen.push(null);
    }
    until.notice();
  });
  watch.set([file]);
  onTestFinished(() => watch.close());
  return { seen, until };
}

test("a file that is written in place, again and again", async () => {
  const file = join(folder({ "config.yaml": "1" }), "config.yaml");
  const { seen, until } = watched(file);
  for (const text of ["2", "3"]) {
    writeFileSync(file, text);
    await until.holds(() => seen.at(-1) === text);
  }
});

test("one that is replaced by a rename, as editors do it, more than once", async () => {
  const path = folder({ "config.yaml": "1" });
  const { seen, until } = watched(join(path, "config.yaml"));
  for (const text of ["2", "3"]) {
    writeFileSync(join(path, "new"), text);
    renameSync(join(path, "new"), join(path, "config.yaml"));
    await until.holds(() => seen.at(-1) === text);
  }
});

test("a ConfigMap of Kubernetes: the link to the folder of all files is replaced", async () => {
  const path = folder({ "..1/config.yaml": "1", "..2/config.yaml": "2", "..3/config.yaml": "3" });
  symlinkSync("..1", join(path, "..data"));
  symlinkSync("..data/config.yaml", join(path, "config.yaml"));
  const { seen, until } = watched(join(path, "config.yaml"));
  for (const text of ["2", "3"]) {
    symlinkSync(`..${text}`, join(path, "..data_tmp"));
    renameSync(join(path, "..data_tmp"), join(path, "..data"));
    await until.holds(() => seen.at(-1) === text);
    rmSync(join(path, `..${Number(text) - 1}`), { recursive: true });
  }
});

test("a folder on the way that is a link", async () => {
  const path = folder({ "releases/1/config.yaml": "1", "releases/2/config.yaml": "2" });
  symlinkSync("releases/1", join(path, "current"));
  const { seen, until } = watched(join(path, "current/config.yaml"));
  symlinkSync("releases/2", join(path, "next"));
  renameSync(join(path, "next"), join(path, "current"));
  await until.holds(() => seen.at(-1) === "2");
});

test("one that is removed, and comes again with its folder", async () => {
  const path = folder({ "etc/config.yaml": "1" });
  const { seen, until } = watched(join(path, "etc/config.yaml"));
  rmSync(join(path, "etc"), { recursive: true });
  await until.holds(() => seen.at(-1) === null);
  mkdirSync(join(path, "etc"));
  writeFileSync(join(path, "etc/config.yaml"), "2");
  await until.holds(() => seen.at(-1) === "2");
});

test("only a change of the contents is told", async () => {
  const path = folder({ "config.yaml": "1" });
  const file = join(path, "config.yaml");
  const { seen, until } = watched(file);
  utimesSync(file, new Date(), new Date());
  writeFileSync(join(path, "other"), "");
  writeFileSync(file, "1");
  writeFileSync(file, "2");
  await until.holds(() => seen.length > 0);
  expect(seen).toEqual(["2"]);
});
