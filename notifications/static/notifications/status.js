// Keeps the page up to date while somebody looks at it. Without this it is up to date when it is loaded.

const SECONDS = 30;

async function renew() {
  if (document.hidden || document.querySelector("details[open]")) return; // nothing moves under who reads
  try {
    const reply = await fetch(location.href, { cache: "no-cache" }); // asks, and mostly hears that nothing changed
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const [here, there] = [document.querySelector("main"), page.querySelector("main")];
    if (!there || here.isEqualNode(there)) return;
    here.replaceChildren(...there.childNodes);
    document.title = page.title;
  } catch {
    // No connection: what is here stays, with the time that it was checked at.
  }
}

setInterval(renew, SECONDS * 1000);
document.addEventListener("visibilitychange", renew);
