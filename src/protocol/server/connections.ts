import type { ServerResponse, Socket } from "./node-types.js";

/** The open connections of a server, and how many requests are under way on each. */
export class Connections {
  readonly #underWay = new Map<Socket, number>();
  #closing = false;

  opened(socket: Socket): void {
    this.#underWay.set(socket, 0);
    socket.once("close", () => this.#underWay.delete(socket));
  }

  begun(socket: Socket, outgoing: ServerResponse): void {
    if (this.#closing) outgoing.shouldKeepAlive = false;
    this.#underWay.set(socket, this.#underWay.get(socket)! + 1);
  }

  ended(socket: Socket): void {
    const before = this.#underWay.get(socket);
    if (before === undefined) return;
    this.#underWay.set(socket, before - 1);
    if (this.#closing && before === 1) socket.end();
  }

  /** Ends each as soon as nothing is under way on it. */
  close(): void {
    this.#closing = true;
    for (const [socket, underWay] of this.#underWay) if (underWay === 0) socket.destroy();
  }
}
