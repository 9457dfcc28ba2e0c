// Calls of the API, with the session of this page.

export class Refused extends Error {
  constructor(message, errors = {}) {
    super(message);
    this.errors = errors;
  }
}

export const SIGNED_OUT = "You are signed out. Sign in in another tab, then go on here: what you typed is kept.";

let base = "";

export function connect(root) {
  base = root.dataset.api;
}

// Signing in again, in another tab, makes a new one: what is typed in this page can still be sent.
const token = () => /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "";

/** The body of the reply. Throws Refused, whose message can be shown to people. */
export async function call(method, path, { body, key, absolute = false } = {}) {
  const headers = { Accept: "application/json", "X-CSRFToken": token() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let response;
  try {
    response = await fetch(absolute ? path : base + path, {
      method, headers, credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refused("The server cannot be reached. Nothing was changed, or nobody knows yet: look again.");
  }
  if (response.redirected || response.status === 401) throw new Refused(SIGNED_OUT);
  const reply = await response.json().catch(() => null);
  if (response.ok && reply) return reply;
  throw new Refused(reply?.error || `The server answered with ${response.status}.`, reply?.errors);
}
