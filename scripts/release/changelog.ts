const UNRELEASED = "## [Unreleased]";

/** What stands under the heading of what is not released yet, without the headings of its groups; null without the heading. */
export function unreleasedEntries(changelog: string): string[] | null {
  const [, after] = changelog.split(`${UNRELEASED}\n`);
  if (after === undefined) return null;
  const section = after.split(/^## /m)[0]!;
  return section.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("### "));
}

/** Gives those entries to a version; what comes next is gathered under a heading of its own. */
export function releaseChangelog(changelog: string, version: string, date: string): string {
  return changelog.replace(UNRELEASED, `${UNRELEASED}\n\n## [${version}] - ${date}`);
}
