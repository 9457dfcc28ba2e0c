// Forms that say which call they are: data-method and data-path, whose {names} come from the button that opened them.
import { call, Refused } from "./api.js";

/** What the API is sent. Empty fields are left out, but those that mean null. */
export function read(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    if (field.type === "checkbox") {
      body[field.name] ??= [];
      if (field.checked) body[field.name].push(field.value);
      continue;
    }
    const value = field.value.trim();
    if (value === "" && field.dataset.kind === "nullable") body[field.name] = null;
    else if (value !== "") body[field.name] = field.dataset.kind === "number" ? Number(value) : value;
  }
  return body;
}

/** Says what is wrong at the fields and under them, or takes that back. */
export function complain(form, error = null) {
  const line = form.querySelector(".dash-error");
  const errors = error?.errors ?? {};
  for (const field of form.elements) {
    if (field.name) field.setAttribute("aria-invalid", String(field.name in errors));
  }
  const named = Object.entries(errors).map(([name, texts]) => `${name}: ${[texts].flat(2).map(worded).join(" ")}`);
  line.textContent = error ? (named.length ? named.join(" ") : error.message) : "";
  line.hidden = !error;
}

const worded = (one) => (typeof one === "string" ? one : Object.values(one).flat().join(" "));

const keys = new WeakMap();

// The same content sent again does its work once; other content has a key of its own.
function keyFor(form, text) {
  const known = keys.get(form);
  if (known?.text === text) return known.key;
  const key = `dashboard-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  keys.set(form, { text, key });
  return key;
}

export async function send(form, { method = form.dataset.method, body = read(form), path = address(form) } = {}) {
  const once = "once" in form.dataset;
  const reply = await call(method, path, {
    body: method === "DELETE" ? undefined : body,
    key: once ? keyFor(form, JSON.stringify([path, body])) : undefined,
  });
  keys.delete(form);
  return reply;
}

export function address(form) {
  return form.dataset.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(form.dataset[`of${name}`]));
}

/** Does the work of a form with its buttons shut meanwhile; returns the reply, or null where it was refused. */
export async function attempt(form, work) {
  const buttons = [...form.querySelectorAll("button")].filter((one) => !one.disabled);
  complain(form);
  for (const one of buttons) one.disabled = true;
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    complain(form, error);
    return null;
  } finally {
    for (const one of buttons) one.disabled = false;
  }
}
