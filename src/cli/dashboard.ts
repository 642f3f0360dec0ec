import { randomBytes } from "node:crypto";
import type { App, AppConfig } from "../app/index.js";
import { withDashboard } from "../dashboard/index.js";
import { type HttpHandler, webRequest } from "../protocol/index.js";
import { UsageError } from "./usage-error.js";

/** How operators come to the dashboard of a gateway that has no admin token of its own. */
export interface Dashboard {
  /** The configuration with a token, where it has none. */
  open(config: AppConfig): AppConfig;
  /** The app's answers, and the page for as long as the configuration has a token. */
  over(app: App, config: () => AppConfig): HttpHandler;
  /** What to add to the gateway's address; null where there is no dashboard. */
  path(config: AppConfig): string | null;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;

/** @param wanted whether a token is to be made; it is kept for as long as this is. */
export function dashboardOf(wanted: boolean): Dashboard {
  const token = randomBytes(24).toString("base64url");
  const made = new WeakSet<object>();
  return {
    open(config) {
      if (!wanted || config.admin !== undefined) return config;
      const host = config.listen?.host ?? "127.0.0.1";
      if (!LOOPBACK.test(host)) {
        throw new UsageError(
          `--dashboard makes a token on the loopback only, not on ${host}; give the configuration an admin token`,
        );
      }
      const admin = { token };
      made.add(admin);
      return { ...config, admin };
    },
    over(app, config) {
      const withPage = withDashboard(app);
      const isRead = (method: string) => method === "GET" || method === "HEAD";
      return (request) =>
        config().admin !== undefined && isRead(request.method) ? withPage(webRequest(request)) : app.handle(request);
    },
    // In the fragment, which is sent to nobody.
    path({ admin }) {
      if (admin === undefined) return null;
      return made.has(admin) ? `/dashboard#token=${token}` : "/dashboard";
    },
  };
}
