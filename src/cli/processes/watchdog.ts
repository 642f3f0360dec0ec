import { type ChildProcess, spawn } from "node:child_process";

/**
 * Ends the process groups that are left when this process is gone without having stopped them, by SIGKILL for example: a shell of its
 * own that reads from a pipe, which the system closes with the process. POSIX only; nothing of this is on Windows.
 */
export class Watchdog {
  #shell: ChildProcess | null = null;

  watch(group: number): void {
    this.#say(`watch ${group}`);
  }

  forget(group: number): void {
    this.#say(`forget ${group}`);
  }

  /** Nothing is to be left by now. */
  close(): void {
    this.#shell?.stdin?.end();
    this.#shell = null;
  }

  #say(line: string): void {
    if (process.platform === "win32") return;
    this.#shell ??= startShell();
    this.#shell.stdin?.write(`${line}\n`);
  }
}

/** Seconds from SIGTERM to SIGKILL. */
const GRACE_S = 10;

const SCRIPT = `
trap '' HUP INT TERM
groups=' '
while read -r word group; do
  case $word in
    watch) groups="$groups$group " ;;
    forget) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s TERM -- "-$group"; done
left=${GRACE_S}
while [ $left -gt 0 ]; do
  alive=
  for group in $groups; do kill -s 0 -- "-$group" && alive=yes; done
  [ -n "$alive" ] || exit 0
  sleep 1
  left=$((left - 1))
done
for group in $groups; do kill -s KILL -- "-$group"; done
`;

function startShell(): ChildProcess {
  // A group of its own: a Ctrl-C is not for it.
  const shell = spawn("/bin/sh", ["-c", SCRIPT], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  shell.on("error", () => {});
  shell.stdin.on("error", () => {});
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  return shell;
}
