/** Calls of the system about files; others are about sockets and processes. */
const ABOUT_FILES = new Set([
  "open",
  "read",
  "write",
  "mkdir",
  "rmdir",
  "rm",
  "rename",
  "unlink",
  "stat",
  "lstat",
  "scandir",
  "ftruncate",
]);

/** What the system says of a file that cannot be had or written (a full disk, a folder that is none); null when it is another error. */
export function fileFault(error: unknown): string | null {
  const { syscall, message } = (error ?? {}) as NodeJS.ErrnoException;
  return error instanceof Error && syscall !== undefined && ABOUT_FILES.has(syscall) ? message : null;
}

export function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}
