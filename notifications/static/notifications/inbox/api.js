// Calls of the API, with the page's own session. What goes wrong is thrown as one of two errors.

/** The API said no: `errors` by field, `wait` in seconds where it said how long. */
export class Refused extends Error {
  constructor(reply, problem) {
    super(problem.detail || reply.statusText || "The server gave no reason.");
    this.status = reply.status;
    this.errors = problem.errors ?? {};
    this.requestId = problem.request_id ?? reply.headers.get("X-Request-ID") ?? "";
    this.wait = Number(reply.headers.get("Retry-After")) || 0;
  }
}

/** Nobody answered. */
export class Unreachable extends Error {}

const API = "/api/notifications/";

/** Sends a call below /api/notifications/ and returns the body of its reply. Raises Refused and Unreachable. */
export async function call(path, { method = "GET", body, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = cookie("csrftoken");
  const reply = await fetched(API + path, { method, headers, signal, body: body && JSON.stringify(body) });
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Refused(reply, answer);
  return answer;
}

async function fetched(address, options) {
  try {
    return await fetch(address, { ...options, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable("There is no connection to Bellwether.");
  }
}

function cookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}
