import { resolve } from "node:path";
import type { App, AppConfig } from "../app/index.js";
import type { Listener } from "../protocol/index.js";
import { readCertificate, upstreamOptions } from "./certificate.js";
import type { NodePlatform } from "./platform.js";
import type { Report } from "./report.js";
import { type FilesWatch, watchFiles } from "./watch-files.js";

/** A configuration with its flags, and the files that it was read from. */
export interface Configuration {
  readonly config: AppConfig;
  readonly files: readonly string[];
}

/** What a reload reads and changes. */
export interface Reloading {
  readonly app: App;
  readonly platform: NodePlatform;
  readonly listener: Listener;
  readonly report: Report;
  readonly configuration: () => Promise<Configuration>;
  readonly before: Configuration;
  /** Whether a journal or tables of a router are written. */
  readonly recorded: boolean;
}

/**
 * Makes the configuration that is read on SIGHUP, and when its file or one that it names has changed, the app's. One that is wrong
 * changes nothing.
 */
export class Reloads {
  readonly #files: FilesWatch;
  readonly #isPossible: boolean;
  /** A change from before the start. */
  #early = false;
  #reloading: Promise<void> = Promise.resolve();
  #reload = (): void => {
    this.#early = true;
  };

  /** @param file undefined: there is nothing to read, and SIGHUP keeps its usual meaning. */
  constructor(file: string | undefined) {
    this.#isPossible = file !== undefined;
    this.#files = watchFiles(() => this.#reload());
    if (file === undefined) return;
    this.#files.set([resolve(file)]);
    process.on("SIGHUP", this.#onSignal);
  }

  /** The files that the first configuration names. */
  watch(files: readonly string[]): void {
    if (this.#isPossible) this.#files.set(files);
  }

  /** @param onChange is given each configuration that is in force from now on. */
  start(reloading: Reloading, onChange: (configuration: Configuration) => void): void {
    if (!this.#isPossible) return;
    let current = reloading.before;
    const read = async () => {
      try {
        const next = await reloading.configuration();
        this.#files.set(next.files);
        await change(reloading, current, next);
        current = next;
        onChange(next);
      } catch (error) {
        reloading.report.problem(`the configuration stays as it was:\n${(error as Error).message}`);
      }
    };
    this.#reload = () => {
      this.#reloading = this.#reloading.then(read);
    };
    if (this.#early) this.#reload();
  }

  stop(): void {
    this.#reload = () => {};
    process.off("SIGHUP", this.#onSignal);
    this.#files.close();
  }

  readonly #onSignal = (): void => this.#reload();
}

async function change(
  { app, platform, listener, report, recorded }: Reloading,
  before: Configuration,
  next: Configuration,
): Promise<void> {
  // Read before anything changes: what is wrong with it is found then.
  const certificate = next.config.tls && readCertificate(next.config.tls);
  const upstream = upstreamOptions(next.config);
  const update = await app.update(next.config);
  platform.connect(upstream);
  if (certificate !== undefined && before.config.tls !== undefined) listener.secure(certificate);
  report.set(next.config.log);
  for (const key of fixedAndChanged(before.config, next.config)) {
    report.problem(`${key} cannot change while it runs; it takes a new start`);
  }
  report.reloaded(update);
  if (recorded && update.changed.some(({ rebuilt }) => rebuilt)) {
    report.problem("what --record and --track write ends here: it is of the router of before");
  }
}

/** The keys with another value than before that only count at the start. */
function fixedAndChanged(before: AppConfig, after: AppConfig): string[] {
  const keys = [];
  const { listen: was = {} } = before;
  const { listen: is = {} } = after;
  if ((was.host ?? "127.0.0.1") !== (is.host ?? "127.0.0.1")) keys.push("listen.host");
  if ((was.port ?? 8000) !== (is.port ?? 8000)) keys.push("listen.port");
  if ((before.tracing ?? false) !== (after.tracing ?? false)) keys.push("tracing");
  if ((before.tls === undefined) !== (after.tls === undefined)) keys.push("tls");
  if ((before.maxHeaderBytes ?? 0) < (after.maxHeaderBytes ?? 0)) keys.push("a larger maxHeaderBytes");
  return keys;
}
