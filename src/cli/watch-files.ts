import { type FSWatcher, readFileSync, readlinkSync, statSync, unwatchFile, watch, watchFile } from "node:fs";
import { dirname, join, parse, resolve, sep } from "node:path";

/** Files whose contents are watched. */
export interface FilesWatch {
  /** Makes these the files. One that was watched already is compared with what it had then, a new one with what it has now. */
  set(files: readonly string[]): void;
  close(): void;
}

/** An editor writes a file in several steps. */
const SETTLE_MS = 50;
/** For file systems that report nothing, as those of the network. */
const POLL_MS = 5_000;

/**
 * Calls back when the contents of one of the files have changed: written in place, replaced by a rename, or behind a symbolic link
 * that leads elsewhere, as Kubernetes changes a ConfigMap. A file that is not there counts as one without contents.
 */
export function watchFiles(onChange: () => void): FilesWatch {
  let files: readonly string[] = [];
  let contents = new Map<string, string | null>();
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;

  function check(): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      watchFolders();
      const now = read();
      const changed = files.some((file) => now.get(file) !== contents.get(file));
      contents = now;
      if (changed) onChange();
    }, SETTLE_MS);
  }

  function read(): Map<string, string | null> {
    return new Map(files.map((file) => [file, contentsOf(file)]));
  }

  /** The folders, since a file that is replaced takes its own watch along. */
  function watchFolders(): void {
    const folders = new Set(files.flatMap(foldersOf).map(nearestFolder));
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder) && isThere(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, check);
        watcher.on("error", () => watcher.close());
        watchers.set(folder, watcher);
      } catch {
        // It cannot be watched: the polls will tell.
      }
    }
  }

  function unwatch(): void {
    for (const file of files) unwatchFile(file, check);
  }

  return {
    set(next) {
      unwatch();
      files = [...new Set(next)];
      contents = new Map(files.map((file) => [file, contents.has(file) ? contents.get(file)! : contentsOf(file)]));
      for (const file of files) watchFile(file, { interval: POLL_MS, persistent: false }, check);
      watchFolders();
    },
    close() {
      clearTimeout(timer);
      unwatch();
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

/** The folders in which something changes when the file does: its own, and those of the symbolic links on its way. */
function foldersOf(file: string): string[] {
  const folders: string[] = [];
  let path = resolve(file);
  // As many links as Linux follows.
  for (let links = 0; links < 40; links++) {
    const link = firstLink(path);
    if (link === null) break;
    folders.push(link.folder);
    path = link.path;
  }
  return [...folders, dirname(path)];
}

/** The folder of a path's first symbolic link, and the path with where it leads in its place; null if it has none. */
function firstLink(path: string): { folder: string; path: string } | null {
  const steps = path.split(sep).slice(1);
  let folder = parse(path).root;
  for (const [i, step] of steps.entries()) {
    const here = join(folder, step);
    try {
      return { folder, path: resolve(folder, readlinkSync(here), ...steps.slice(i + 1)) };
    } catch {
      folder = here;
    }
  }
  return null;
}

/** The folder itself, or the nearest above it that is there, where it would come again. */
function nearestFolder(folder: string): string {
  const above = dirname(folder);
  return above === folder || isThere(folder) ? folder : nearestFolder(above);
}

function contentsOf(file: string): string | null {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return null;
  }
}

function isThere(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
