const STEPS = ["patch", "minor", "major"] as const;
const VERSION = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9a-z-]+(?:\.[0-9a-z-]+)*))?$/i;

/**
 * The version to release.
 * @param wish `patch`, `minor`, `major`, or a version: a later one, or the current one as long as it was never released.
 * @throws RangeError for anything else.
 */
export function nextVersion(current: string, wish: string | undefined): string {
  const [major, minor, patch, isPrerelease] = partsOf(current);
  // As npm: a pre-release is before the version it leads to, which is so the next patch.
  if (wish === "patch") return isPrerelease ? `${major}.${minor}.${patch}` : `${major}.${minor}.${patch + 1}`;
  if (wish === "minor") return `${major}.${minor + 1}.0`;
  if (wish === "major") return `${major + 1}.0.0`;
  if (wish === undefined || !VERSION.test(wish)) {
    const accepted = `${STEPS.join(", ")} or a version like ${major}.${minor}.${patch + 1}`;
    throw new RangeError(
      `say what to release: ${accepted}${wish === undefined ? "" : `, not ${JSON.stringify(wish)}`}`,
    );
  }
  if (compareVersions(wish, current) < 0)
    throw new RangeError(`${wish} is before ${current}, the version of package.json`);
  return wish;
}

/** Semantic Versioning's precedence (2.0.0, §11): negative when `a` is before `b`. */
export function compareVersions(a: string, b: string): number {
  const left = partsOf(a);
  const right = partsOf(b);
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return Number(left[i]) - Number(right[i]);
  return comparePrereleases(left[3], right[3]);
}

function comparePrereleases(a: string, b: string): number {
  if (a === "" || b === "") return Number(a === "") - Number(b === "");
  const left = a.split(".");
  const right = b.split(".");
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [one, other] = [left[i]!, right[i]!];
    if (one === other) continue;
    const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
    if (isNumber && isOtherNumber) return Number(one) - Number(other);
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return left.length - right.length;
}

function partsOf(version: string): [number, number, number, string] {
  const match = VERSION.exec(version);
  if (match === null) throw new RangeError(`${JSON.stringify(version)} is no version`);
  return [Number(match[1]), Number(match[2]), Number(match[3]), match[4] ?? ""];
}
