// In which of their tenants the person works. Another one shows another inbox, so the page begins anew.

import { call } from "./api.js";
import { find } from "./dom.js";
import { explain } from "./trouble.js";

export function letThemSwitch() {
  const choice = find("#tenant");
  const before = choice?.value;
  choice?.addEventListener("change", async () => {
    try {
      await call("../tenants/switch/", { method: "POST", body: { tenant_id: choice.value } });
      location.assign(location.pathname);
    } catch (error) {
      choice.value = before;
      explain(error);
    }
  });
}
