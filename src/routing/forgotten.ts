import type { Hold } from "./lease.js";

/** A lease that was collected as garbage before it had ended. */
export interface ForgottenLease {
  /** The replica's id. */
  readonly replica: string;
  /** When it was made, in seconds by the router's clock. */
  readonly timeS: number;
  /** Whether the replica had taken the request. */
  readonly accepted: boolean;
}

/** Ends the leases that nobody holds any more, and tells of each. Null where the runtime cannot tell. */
export function watchForgotten(tell: (lease: ForgottenLease) => void): FinalizationRegistry<Hold> | null {
  if (typeof FinalizationRegistry !== "function") return null;
  return new FinalizationRegistry((hold) => {
    if (hold.end !== null) return;
    const { replica, timeS, accepted } = hold;
    hold.forgotten();
    tell({ replica: replica.id, timeS, accepted });
  });
}

export function reportForgotten({ replica, accepted }: ForgottenLease): void {
  const state = accepted ? "accepted" : "neither accepted nor rejected";
  console.error(
    `warmroute: a lease on replica ${JSON.stringify(replica)} (${state}) was never released; its place is free again`,
  );
}
