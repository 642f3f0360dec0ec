import type { App, AppConfig } from "../app/index.js";
import { readCertificate } from "./certificate.js";
import type { Listener } from "./listen.js";
import type { Report } from "./report.js";
import { watchFiles } from "./watch-files.js";

/** A configuration with its flags, and the files that it was read from. */
export interface Configuration {
  readonly config: AppConfig;
  readonly files: readonly string[];
}

/** What a reload reads and changes. */
export interface Reloading {
  readonly app: App;
  readonly listener: Listener;
  readonly report: Report;
  readonly configuration: () => Promise<Configuration>;
  readonly before: Configuration;
}

/**
 * Makes the configuration that is read on SIGHUP, and when one of the files has changed, the app's. One that is wrong changes nothing.
 * @param onChange is given each that is in force from now on.
 */
export function startReloads(
  { app, listener, report, configuration, before }: Reloading,
  onChange: (configuration: Configuration) => void,
): { stop(): void } {
  let current = before;
  let stopped = false;
  let reloading: Promise<void> = Promise.resolve();
  const files = watchFiles(() => reload());
  files.set(current.files);

  function reload(): void {
    reloading = reloading.then(async () => {
      if (stopped) return;
      try {
        await change(await configuration());
      } catch (error) {
        report.problem(`the configuration stays as it was:\n${(error as Error).message}`);
      }
    });
  }

  async function change(next: Configuration): Promise<void> {
    // Read before anything changes: what is wrong with it is found then.
    const certificate = next.config.tls && readCertificate(next.config.tls);
    const update = await app.update(next.config);
    if (certificate !== undefined && current.config.tls !== undefined) listener.secure(certificate);
    files.set(next.files);
    report.set(next.config.log);
    for (const key of fixedAndChanged(current.config, next.config)) {
      report.problem(`${key} cannot change while it runs; it takes a new start`);
    }
    current = next;
    onChange(next);
    report.reloaded(update);
  }

  process.on("SIGHUP", reload);
  return {
    stop() {
      stopped = true;
      process.off("SIGHUP", reload);
      files.close();
    },
  };
}

/** The keys with another value than before that only count at the start. */
function fixedAndChanged(before: AppConfig, after: AppConfig): string[] {
  const keys = [];
  const { listen: was = {} } = before;
  const { listen: is = {} } = after;
  if ((was.host ?? "127.0.0.1") !== (is.host ?? "127.0.0.1")) keys.push("listen.host");
  if ((was.port ?? 8000) !== (is.port ?? 8000)) keys.push("listen.port");
  if ((before.tls === undefined) !== (after.tls === undefined)) keys.push("tls");
  if ((before.maxHeaderBytes ?? 0) < (after.maxHeaderBytes ?? 0)) keys.push("a larger maxHeaderBytes");
  return keys;
}
