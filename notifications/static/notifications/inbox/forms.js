// A form that is sent to the API, with every refusal at the field that it is of.

import { all, find, make } from "./dom.js";
import { clear, explain } from "./trouble.js";

/** Calls `send(form)` when the form is sent; says "Saved", or what is wrong where it is wrong. */
export function onSend(form, send, said = "Saved.") {
  form.noValidate = true; // the API's own words, at the field
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter ?? find("button", form);
    showErrors(form, {});
    tell(form, "Saving ...");
    button.disabled = true;
    try {
      tell(form, (await send(form, event.submitter)) ?? said);
      clear();
    } catch (error) {
      tell(form, "");
      if (Object.keys(error.errors ?? {}).length) showErrors(form, error.errors);
      else explain(error);
    } finally {
      button.disabled = false;
    }
  });
}

/** Each text at its field; what belongs to none of them at the end of the form. Focuses the first one. */
export function showErrors(form, errors) {
  for (const old of all(".field-error", form)) old.remove();
  for (const field of all("[aria-invalid]", form)) field.removeAttribute("aria-invalid");
  for (const [name, texts] of Object.entries(errors)) {
    const field = find(`[name="${CSS.escape(name)}"], [data-errors-of~="${CSS.escape(name)}"]`, form);
    const id = `error-of-${name}`;
    const text = make("p", { class: "field-error wrong", id, text: texts.join(" ") });
    if (!field) {
      form.append(text);
      continue;
    }
    (field.closest(".field") ?? field).append(text);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", id);
  }
  find("[aria-invalid=true]", form)?.focus();
}

export function tell(form, text) {
  const place = find(".form-said", form);
  place.textContent = "";
  if (text) place.textContent = text;
}
