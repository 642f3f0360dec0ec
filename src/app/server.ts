import type { Member } from "./members.js";
import type { ReplicaServer, ServerEvents, StartServer } from "./platform.js";

/** A server that was started for a replica. */
export class Server {
  readonly id: string;
  /** What it was started with. */
  readonly key: string;
  /** Resolves when it has been started; rejects when it could not be. */
  readonly started: Promise<unknown>;
  readonly #server: Promise<ReplicaServer>;
  #url: string | null = null;
  #stopped: Promise<void> | null = null;

  constructor(member: Member, start: StartServer, events: ServerEvents) {
    this.id = member.id;
    this.key = JSON.stringify(member.server);
    this.#server = start(member.server!, {
      up: (url) => {
        this.#url = url;
        if (this.#stopped === null) events.up(url);
      },
      down: (reason) => {
        this.#url = null;
        if (this.#stopped === null) events.down(reason);
      },
    });
    this.#server.catch(() => {});
    this.started = this.#server;
  }

  /** Where it serves; null while it does not. */
  get url(): string | null {
    return this.#url;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#server.then(
      (server) => server.stop(),
      () => {},
    );
    return this.#stopped;
  }
}
