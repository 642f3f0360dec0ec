import { expect, test } from "vitest";
import { errorBody, errorResponse, RequestError } from "../../src/protocol/index.js";

test("an error's body has OpenAI's four fields, whatever is known of it", () => {
  expect(errorBody("No.")).toEqual({
    error: { message: "No.", type: "invalid_request_error", param: null, code: null },
  });
  expect(errorBody("No.", { type: "NotFoundError", param: "model", code: 404 })).toEqual({
    error: { message: "No.", type: "NotFoundError", param: "model", code: 404 },
  });
});

test("an answer takes its type from its status unless it is told", async () => {
  const types = await Promise.all(
    [errorResponse(400, "No."), errorResponse(502, "No."), errorResponse(502, "No.", { type: "upstream_error" })].map(
      async (response) => ((await response.json()) as ReturnType<typeof errorBody>).error.type,
    ),
  );
  expect(types).toEqual(["invalid_request_error", "server_error", "upstream_error"]);
});

test("an answer is JSON, with the headers that it is given", () => {
  const { status, headers } = errorResponse(429, "Later.", { headers: { "retry-after": "1" } });
  expect([status, headers.get("content-type"), headers.get("retry-after")]).toEqual([429, "application/json", "1"]);
});

test("a refused request carries its answer", async () => {
  const error = new RequestError(413, "Too large.", { code: "body_too_large" });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "RequestError", message: "Too large.", status: 413, param: null });
  const response = error.toResponse();
  expect(response.status).toBe(413);
  expect(await response.json()).toEqual({
    error: { message: "Too large.", type: "invalid_request_error", param: null, code: "body_too_large" },
  });
});
