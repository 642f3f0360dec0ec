import { ASSETS } from "./assets.js";

/**
 * The gateway's own `fetch`, and besides a page for its operators at `/dashboard`: replicas, charts, decisions, the prefix tree. The page
 * itself is public and tells nothing; it asks who opens it for the gateway's admin token, and with it the gateway's `/admin` beside it.
 * Nothing comes from anywhere else, and what it shows it draws without scripts or styles in its HTML.
 */
export function withDashboard(gateway: {
  fetch(request: Request): Promise<Response>;
}): (request: Request) => Promise<Response> {
  return async (request) => answer(request) ?? gateway.fetch(request);
}

/** Everything from this address, and nothing that a text on the page could turn into. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  // Asked for anew each time, and sent anew only where the package has changed.
  "cache-control": "no-cache",
} as const;

const HOME = "/dashboard";

/** Null for a path that is none of the page's. */
function answer({ method, url, headers }: Request): Response | null {
  const { pathname } = new URL(url);
  if (pathname !== HOME && !pathname.startsWith(`${HOME}/`)) return null;
  // Relative to that, the page's files and the gateway's paths would be elsewhere.
  if (pathname === `${HOME}/`) return new Response(null, { status: 308, headers: { location: `..${HOME}` } });
  const name = pathname.slice(HOME.length + 1);
  const asset = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
  if (asset === undefined) return null;
  if (method !== "GET" && method !== "HEAD") {
    return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
  }
  const { type, etag, text } = asset;
  const all = { ...HEADERS, etag };
  if (headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: all });
  return new Response(method === "HEAD" ? null : text, { headers: { ...all, "content-type": type } });
}
