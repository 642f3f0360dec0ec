import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ASSETS } from "../../src/dashboard/assets.js";
import { withDashboard } from "../../src/dashboard/index.js";

const fetch = withDashboard({
  fetch: async (request) => new Response(`the gateway's ${new URL(request.url).pathname}`),
});
const get = (path: string, init: RequestInit = {}) => fetch(new Request(`http://gateway${path}`, init));

describe("the gateway with a dashboard", () => {
  test("answers with the page, under a policy that lets in nothing but the page's own files", async () => {
    const page = await get("/dashboard");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = page.headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
    expect(page.headers.get("x-frame-options")).toBe("DENY");
  });

  test("has no script, style or address of elsewhere in its HTML, and all files that it names", async () => {
    const html = await (await get("/dashboard")).text();
    expect(html).not.toMatch(/<script(?![^>]*src=)[^>]*>|<style|\sstyle=|\son\w+=|https?:/);
    const files = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, file]) => file!);
    expect(files).toHaveLength(3);
    for (const file of files) {
      const { pathname } = new URL(file, "http://gateway/dashboard");
      const answer = await get(pathname);
      expect([answer.status, pathname]).toEqual([200, pathname]);
      expect(await answer.text()).not.toMatch(/^the gateway's/);
    }
  });

  test("sends a file once, and then only that it is the same", async () => {
    const first = await get("/dashboard/page.js");
    const etag = first.headers.get("etag")!;
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const again = await get("/dashboard/page.js", { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const head = await get("/dashboard", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  test("leads from /dashboard/ to where relative addresses are right", async () => {
    const { status, headers } = await get("/dashboard/");
    expect([status, new URL(headers.get("location")!, "http://gateway/dashboard/").pathname]).toEqual([
      308,
      "/dashboard",
    ]);
  });

  test("takes no POST", async () => {
    const { status, headers } = await get("/dashboard", { method: "POST", body: "{}" });
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test.each([
    "/",
    "/v1/models",
    "/admin/stats",
    "/dashboards",
    "/dashboard/none.js",
    "/dashboard/page.html",
    "/dashboard/toString",
    "/dashboard/__proto__",
  ])("leaves %s to the gateway", async (path) => {
    expect(await (await get(path)).text()).toBe(`the gateway's ${path}`);
  });
});

test("the page with all its files: 20 KiB gzipped", () => {
  const bytes = Object.values(ASSETS).reduce((sum, { text }) => sum + gzipSync(text, { level: 9 }).length, 0);
  expect(bytes).toBeLessThanOrEqual(20 * 1024);
});
