/** <notification-bell>: docs/bell.md. This is the source, and what is served. */

const WORDS = {
  title: "Notifications",
  unread: "{n} unread",
  isUnread: "Unread:",
  markAll: "Mark all read",
  markRead: "Mark as read: {title}",
  markUnread: "Mark as unread: {title}",
  dismiss: "Dismiss: {title}",
  act: "Open",
  all: "All notifications",
  empty: "Nothing new. You are up to date.",
  loading: "Loading",
  system: "System",
  high: "High",
  critical: "Critical",
  arrived: "New notifications: {n}. {title}",
  marked: "Marked as read: {n}.",
  undo: "Undo",
  old: "may be out of date",
  stale: "Could not refresh. Last time: {when}.",
  failed: "That did not work. Nothing was changed.",
  retry: "Try again",
  ended: "You are signed out.",
  signIn: "Sign in",
};

const STYLE = `
:host {
  --bell-ink: light-dark(#1a2233, #e7ebf3);
  --bell-quiet: light-dark(#515c72, #a5b0c6);
  --bell-ground: light-dark(#fff, #19202c);
  --bell-raised: light-dark(#eef2f9, #232c3b);
  --bell-line: light-dark(#d6dce7, #344056);
  --bell-accent: light-dark(#2456c4, #8db4ff);
  --bell-high: light-dark(#875400, #ffc766);
  --bell-critical: light-dark(#b3261e, #ff9d94);
  --bell-radius: .75rem;
  --bell-width: 25rem;
  display: inline-block; vertical-align: middle; font-size: .9375rem; line-height: 1.45;
}
:host([hidden]), [hidden] { display: none !important; }
.dark { color-scheme: dark; }
* { box-sizing: border-box; }
button, a {
  padding: .3rem .6rem; font: inherit; font-weight: 600; color: var(--bell-accent); background: none; border: 0;
  border-radius: calc(var(--bell-radius) * .7); text-decoration: none; cursor: pointer;
}
button:hover, a:hover { background: var(--bell-raised); }
:focus-visible { outline: 3px solid var(--bell-accent); outline-offset: 1px; }
[aria-disabled=true] { color: var(--bell-quiet); cursor: default; }
svg { display: block; width: 1.25rem; fill: none; stroke: currentcolor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.button { position: relative; display: grid; place-items: center; min-width: 2.5rem; height: 2.5rem; padding: 0; color: inherit; border-radius: 2rem; }
.button:hover { background: #8882; }
.badge {
  position: absolute; top: 0; inset-inline-start: 50%; min-width: 1.2rem; padding: 0 .3rem; font-size: .72rem; line-height: 1.2rem;
  font-weight: 700; color: var(--bell-ground); background: var(--bell-critical); border-radius: 1rem;
}
.stale .badge { color: var(--bell-ink); background: var(--bell-ground); outline: 2px dashed var(--bell-quiet); }

[popover] { inset: auto; padding: 0; color: var(--bell-ink); text-align: start; letter-spacing: 0; text-transform: none; border: 1px solid var(--bell-line); overflow: hidden; }
.panel {
  position-area: block-end span-inline-start; position-try: flip-block; width: min(var(--bell-width), 100vw - 1rem);
  max-height: min(40rem, 100% - 1rem); margin: .5rem 0; background: var(--bell-ground); border-radius: var(--bell-radius);
}
:host([placement=bottom-start]) .panel { position-area: block-end span-inline-end; }
:host([placement=top-end]) .panel { position-area: block-start span-inline-start; }
:host([placement=top-start]) .panel { position-area: block-start span-inline-end; }
@media (width < 27rem) { .panel { position-area: block-end span-all !important; justify-self: center; } }
.panel, .toast { box-shadow: 0 1rem 2.5rem light-dark(#1a223326, #0009); }
.panel:popover-open { display: flex; flex-direction: column; }
.panel:focus { outline: none; }
.header, .footer, .note { display: flex; flex-wrap: wrap; align-items: center; padding: .6rem; }
.title, .said { flex: 1; margin: 0 .5rem; font-size: 1.05rem; }
.note { background: var(--bell-raised); }
.said { flex-basis: 9rem; font-size: inherit; }
.footer { justify-content: center; }
.scroll { border-block: 1px solid var(--bell-line); overflow-y: auto; overscroll-behavior: contain; }
ul { margin: 0; padding: 0; list-style: none; }
.empty { margin: 3rem 1.5rem; text-align: center; color: var(--bell-quiet); }

li { position: relative; padding: .4rem .6rem; border: 0 solid var(--bell-line); border-inline-start: 3px solid #0000; overflow-wrap: anywhere; }
li + li { border-top-width: 1px; }
.new { background: color-mix(in srgb, var(--bell-accent) 6%, var(--bell-ground)); border-inline-start-color: var(--bell-accent); }
.new.high { border-inline-start-color: var(--bell-high); }
.new.critical { border-inline-start-color: var(--bell-critical); }
.open { display: grid; gap: .15rem; width: 100%; padding: .4rem; font-weight: inherit; color: inherit; text-align: start; }
.name { padding-inline-end: 2rem; }
.new .name { font-weight: 650; }
.name, .text { unicode-bidi: plaintext; text-align: -webkit-match-parent; }
.text, .meta { color: var(--bell-quiet); }
.text { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; white-space: pre-line; }
[aria-expanded=true] .text { -webkit-line-clamp: none; }
.meta { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem .5rem; font-size: .8125rem; }
.chip { display: flex; align-items: center; gap: .2rem; padding: 0 .45rem; font-weight: 600; border: 1px solid; border-radius: 1rem; }
.chip svg { width: .8rem; stroke-width: 2.4; }
.chip.high { color: var(--bell-high); }
.chip.critical { color: var(--bell-ground); background: var(--bell-critical); border-color: var(--bell-critical); }
.action { display: inline-block; margin: .2rem .4rem .3rem; border: 1px solid var(--bell-line); }
.toggle { position: absolute; top: .6rem; inset-inline-end: .6rem; padding: .4rem; color: var(--bell-quiet); }

.toasts { inset-block-end: 0; inset-inline-end: 0; width: min(25rem, 100vw); padding: .5rem; background: none; border: 0; }
.toast { margin: .5rem; border-width: 1px 1px 1px 3px; border-radius: var(--bell-radius); }
@keyframes come { from { opacity: 0; } }
@media (prefers-reduced-motion: no-preference) { .panel, .toast { animation: come .15s; } }
@media (forced-colors: active) { .badge { border: 1px solid; } }
`;

const ICONS = {
  bell: "M6 9a6 6 0 0 1 12 0q0 5 2 8H4q2-3 2-8m4 11a2 2 0 0 0 4 0",
  markRead: "m5 12 5 5 9-10",
  markUnread: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  dismiss: "M6 6l12 12M18 6 6 18",
  high: "M12 19V5m-6 6 6-6 6 6",
  critical: "M12 4v10m0 5v.5",
  system: "M12 3l7 3v5q0 7-7 10-7-3-7-10V6z",
};
const UNITS = { year: 31536000, month: 2592000, week: 604800, day: 86400, hour: 3600, minute: 60 };
const NOTHING = { who: "", items: [], unread: null };
const SELDOM = 300; // seconds, while a stream tells or polls fail

/** Strings become text, never markup. */
function make(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** A part that pages may style. */
const piece = (name, part, properties, ...children) => make(name, { className: part, part, ...properties }, ...children);

function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Hides a link, unless it leads to http(s) or to a path of this site. */
function link(anchor, address, text) {
  const url = URL.canParse(address, location.origin) && new URL(address, location.origin);
  const isPath = /^\/(?![/\\])/.test(address) && url.origin === location.origin;
  anchor.hidden = !url || !(isPath || /^https?:\/\//i.test(address));
  anchor.href = anchor.hidden ? "" : url.href;
  anchor.textContent = text;
  return anchor;
}

/** A change of a state, with its count; twice is like once. */
const marking = (matches, isUnread, elsewhere) => (state) => {
  const count = (items) => items.filter((item) => item.is_unread).length;
  const items = state.items.map((item) => (matches(item) ? { ...item, is_unread: isUnread } : item));
  return { ...state, items, unread: count(items) + (elsewhere ?? Math.max(0, state.unread - count(state.items))) };
};

/** With the session's cookie, or with what `token(wasRefused)` gives. */
class Api {
  constructor(base, token) {
    Object.assign(this, { base, token });
  }

  async send(path, body) {
    const token = await this.token?.(false);
    let reply = await this.#fetch(path, body, token);
    if (reply.status === 401 && token) {
      const fresh = await this.token(true);
      if (fresh !== token) reply = await this.#fetch(path, body, fresh);
    }
    const { ok, status, headers } = reply;
    if (!ok) throw Object.assign(new Error(`HTTP ${status}`), { status, retryAfter: Number(headers.get("Retry-After")) });
    return reply;
  }

  #fetch(path, body, token) {
    const headers = { "Content-Type": "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    else if (body) headers["X-CSRFToken"] = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
    return fetch(`${this.base}/${path}`, {
      method: body ? "POST" : "GET",
      body: body && JSON.stringify(body),
      headers,
      credentials: this.token ? "omit" : "same-origin",
      keepalive: !!body, // it may be sent as the page is left
      signal: AbortSignal.timeout(20_000),
    });
  }
}

/** Calls `poll` when the event stream says so (docs/stream.md), and `ended` when that is silent. */
class Stream {
  live = false;
  #attempt = null;
  #source;
  #timer;
  #failures = 0;

  constructor(api, poll, ended) {
    Object.assign(this, { api, poll, ended });
  }

  async open() {
    const attempt = (this.#attempt = {});
    const query = new URLSearchParams();
    try {
      if (this.api.token) query.set("ticket", (await (await this.api.send("stream/ticket/", {})).json()).ticket);
    } catch {
      if (attempt === this.#attempt) this.#again();
      return;
    }
    if (attempt !== this.#attempt) return;
    const source = new EventSource(`${this.api.base}/stream/?${query}`, { withCredentials: !this.api.token });
    this.#source = source;
    source.onerror = () => this.#again();
    for (const name of ["inbox", "poll"]) source.addEventListener(name, (event) => this.#told(event));
    source.addEventListener("bye", ({ data }) => this.#again(JSON.parse(data)));
  }

  close() {
    this.#attempt = null;
    this.live = false;
    this.#source?.close();
    clearTimeout(this.#timer);
  }

  #told({ data }) {
    const { within, reason } = JSON.parse(data);
    this.#failures = 0;
    this.live = reason !== "unavailable";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.poll, within * 1000 * Math.random());
  }

  #again({ reason, retry = Math.min(2 ** this.#failures++, 30) * (2000 + 3000 * Math.random()) } = {}) {
    this.close();
    this.#timer = setTimeout(() => this.open(), retry);
    this.ended();
    if (reason === "access") this.poll();
  }
}

/**
 * One visible tab leads, by a lock: it polls, and tells the others by a channel. `who` is X-Inbox: whose inbox it is.
 * The lock is named by it, and no tab takes what is of another.
 */
class Feed {
  known = null; // {who, items, unread, at, wait, trouble: {status, wait, at}}
  #changes = new Set(); // not confirmed: functions of a state
  #writes = 0;
  #failures = 0;
  #polling = null;
  #again = false;
  #timer;
  #bid = null;
  #leads = false;

  constructor(api, { limit, interval, stream }, changed) {
    Object.assign(this, { api, limit, interval, changed });
    this.key = `notification-bell ${new URL(api.base, location.href)} ${limit} ${api.token ? "token" : "cookie"}`;
    if (stream) this.stream = new Stream(api, () => this.#ask(), () => this.#schedule());
    this.channel = new BroadcastChannel(this.key);
    this.channel.onmessage = ({ data }) => this.#heard(data);
    this.life = new AbortController();
    const looked = () => (document.hidden ? this.#resign() : (this.#polling ?? this.refresh()));
    for (const name of ["visibilitychange", "focus", "online", "offline"])
      addEventListener(name, looked, { signal: this.life.signal });
    this.#ask();
  }

  stop() {
    this.life.abort();
    this.#resign();
    this.channel.close();
  }

  get shown() {
    return this.known ? [...this.#changes].reduce((state, change) => change(state), this.known) : NOTHING;
  }

  /** A poll that is under way is followed by another. */
  refresh() {
    if (this.#polling) this.#again = true;
    else this.#polling = this.#poll().finally(() => (this.#polling = null));
    return this.#polling;
  }

  /** Shows `change` at once; where the call fails, takes it back and rejects. */
  async write(change, path, body = {}) {
    this.#changes.add(change);
    this.changed();
    try {
      const reply = await (await this.api.send(path, body)).json();
      if (this.#changes.has(change)) this.known = change(this.known);
      return reply;
    } catch (error) {
      if (error.status === 401) this.#fail(error);
      throw error;
    } finally {
      this.#writes++; // a poll that is under way may be older
      this.#changes.delete(change);
      this.changed();
      if (!this.#isOver) this.refresh();
    }
  }

  get #isOver() {
    return this.life.signal.aborted || this.known?.trouble?.status === 401;
  }

  #ask() {
    if (!document.hidden) this.refresh();
  }

  async #poll() {
    do {
      this.#again = false;
      const writes = this.#writes;
      let reply, body, error;
      try {
        reply = await this.api.send(`recent/?limit=${this.limit}`);
        body = await reply.json();
      } catch (caught) {
        error = caught;
      }
      if (this.life.signal.aborted) return;
      if (error) this.#fail(error);
      else if (writes === this.#writes) this.#succeed(reply.headers, body);
      else this.#again = true;
    } while (this.#again);
  }

  #succeed(headers, { notifications: items, unread_count: unread }) {
    const who = headers.get("X-Inbox") ?? "";
    if (this.known?.who !== who) this.#forget();
    this.#failures = 0;
    this.#take({ who, items, unread, at: Date.now(), wait: Math.max(headers.get("X-Poll-Interval") || 30, this.interval) });
    this.#tell();
    this.#compete();
  }

  #fail({ status = 0, retryAfter }) {
    const wait = retryAfter || Math.min((this.known?.wait ?? 30) * 2 ** this.#failures++, SELDOM);
    if (status === 401) this.#forget();
    this.#take({ ...(this.known ?? NOTHING), trouble: { status, wait, at: Date.now() } });
    if (this.#leads || status === 401) this.#tell();
    if (status !== 401) this.#compete();
  }

  #take(state) {
    const { at, items } = this.known ?? NOTHING;
    this.known = state;
    this.#schedule();
    this.changed(at ? state.items.filter(({ id, is_unread: isUnread }) => isUnread && !(id <= items[0]?.id)) : []);
  }

  #tell() {
    if (this.known.who || this.#isOver) this.channel.postMessage(this.known);
  }

  /** Tabs share a cookie: where they differ, one is behind. */
  #heard(state) {
    if (!this.known) return;
    if (state.who !== this.known.who) {
      if (this.api.token) return;
      this.#forget();
      this.#ask();
    } else if (state.who) this.#take(state);
  }

  #forget() {
    this.#resign();
    this.#changes.clear();
    this.known = null;
    this.changed();
  }

  #schedule() {
    clearTimeout(this.#timer);
    if (document.hidden || !this.known || this.#isOver) return;
    const { wait, trouble } = this.known;
    // A follower asks after a long silence.
    const seconds = this.#leads ? (trouble?.wait ?? Math.max(wait, this.stream?.live ? SELDOM : 0)) : 3 * SELDOM;
    const due = (trouble ?? this.known).at + seconds * 1000 * (1 + Math.random() / 10);
    this.#timer = setTimeout(() => this.#polling ?? this.refresh(), due - Date.now());
  }

  #compete() {
    if (this.#bid || document.hidden || this.life.signal.aborted) return;
    const { signal } = (this.#bid = new AbortController());
    const lead = () => {
      this.#leads = true;
      this.#schedule();
      this.stream?.open();
      return new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    const { who } = this.known;
    // Plain http has no locks: each leads itself.
    if (who && navigator.locks) navigator.locks.request(`${this.key} ${who}`, { signal }, lead).catch(() => {});
    else lead();
  }

  #resign() {
    this.#bid?.abort();
    this.#bid = null;
    this.#leads = false;
    this.stream?.close();
    clearTimeout(this.#timer);
  }
}

class Row {
  constructor(bell, part, toggled) {
    Object.assign(this, { bell, part });
    this.name = piece("span", "name");
    this.text = piece("span", "text");
    this.meta = piece("span", "meta");
    this.time = make("time");
    this.open = piece("button", "open", { ariaExpanded: "false", onclick: () => this.#open() }, this.name, this.text, this.meta);
    this.action = piece("a", "action", { onclick: (event) => this.#act(event) });
    this.toggle = piece("button", "toggle", { onclick: () => toggled(this.item) });
    this.line = make("li", {}, this.open, this.action, this.toggle);
  }

  show(item, toggle) {
    const { bell, line } = this;
    const { title, message, priority, is_unread: isUnread, is_system: isSystem, created_at: at } = (this.item = item);
    line.className = line.part = `${this.part} ${priority} ${isUnread ? "new" : "read"}`;
    this.name.replaceChildren(isUnread ? make("span", { className: "unseen" }, bell.word("isUnread"), " ") : "", title);
    this.text.textContent = message;
    const marks = [isSystem && "system", bell.isUrgent(item) && priority].filter(Boolean);
    const chips = marks.map((mark) => make("span", { className: `chip ${mark}`, part: "chip" }, icon(mark), bell.word(mark)));
    this.meta.replaceChildren(this.time, ...chips);
    this.time.textContent = bell.ago(Date.parse(at));
    this.time.title = new Date(at).toLocaleString(bell.language);
    link(this.action, item.action_url, item.action_text || bell.word("act"));
    this.toggle.ariaLabel = this.toggle.title = bell.word(toggle, item);
    this.toggle.replaceChildren(icon(toggle));
    return line;
  }

  #open() {
    if (!this.bell.fire("open", { notification: this.item })) return;
    this.open.ariaExpanded = `${this.open.ariaExpanded === "false"}`;
    this.#read();
  }

  #act(event) {
    if (this.bell.fire("action", { notification: this.item, href: this.action.href })) this.#read();
    else event.preventDefault();
  }

  #read() {
    if (this.item.is_unread) this.bell.markRead(this.item.id);
  }
}

export class NotificationBell extends HTMLElement {
  static observedAttributes = ["src", "limit", "interval", "stream", "auth", "locale", "inbox-url", "title-badge"];
  #given = { token: "", tokenProvider: null, words: {} };
  #ui = {};
  #feed = null;
  #restarting = null;
  #toasted = new Set();
  #count = null;
  #trouble;
  #isHandled = false;
  #said = null;
  #ticking;
  #holding;
  #watch = new MutationObserver(() => this.#show());

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [SHEET];
    this.#build();
    for (const name in this.#given) {
      const value = this[name] ?? this.#given[name]; // set before this file was loaded
      const get = () => this.#given[name];
      const set = (value) => {
        this.#given[name] = value;
        this.#restart();
      };
      Object.defineProperty(this, name, { get, set });
      this[name] = value;
    }
  }

  connectedCallback() {
    this.#watch.observe(document.documentElement, { attributeFilter: ["class", "lang"] });
    this.#restart();
  }

  disconnectedCallback() {
    this.#watch.disconnect();
    this.#restart();
  }

  attributeChangedCallback(name, before, after) {
    if (before !== after) this.#restart();
  }

  async refresh() {
    await this.#feed?.refresh();
  }

  open() {
    this.#ui.panel.showPopover({ source: this.#ui.button });
  }

  close() {
    this.#ui.panel.hidePopover();
  }

  markRead(id) {
    return this.#write(marking((item) => item.id === id, false), `${id}/mark-read/`);
  }

  markUnread(id) {
    return this.#write(marking((item) => item.id === id, true), `${id}/mark-unread/`);
  }

  /** Up to the newest that is shown: nobody saw what came later. */
  async markAllRead() {
    const { items, unread } = this.#shown;
    if (!unread) return;
    const ids = items.filter((item) => item.is_unread).map(({ id }) => id);
    const before = items[0]?.id;
    const reply = await this.#write(marking(({ id }) => id <= before, false, 0), "mark-all-read/", { before });
    if (!reply) return;
    const n = reply.marked_count;
    const undo = () => this.#write(marking(({ id }) => ids.includes(id), true), "bulk/", { ids, action: "mark_unread" });
    this.#say(this.word("marked", { n }), ...(n <= ids.length ? ["undo", undo] : [])); // never half
  }

  get language() {
    const wanted = this.getAttribute("locale") || this.closest("[lang]")?.lang;
    try {
      return Intl.getCanonicalLocales(wanted)[0];
    } catch {
      return undefined;
    }
  }

  word(key, values = {}) {
    const text = this.words[key] ?? WORDS[key];
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name].toLocaleString(this.language));
  }

  ago(moment) {
    const seconds = Math.max(0, (Date.now() - moment) / 1000);
    const [unit, length] = Object.entries(UNITS).find(([, long]) => seconds >= long) ?? ["second", Infinity];
    const format = new Intl.RelativeTimeFormat(this.language, { numeric: unit === "second" ? "auto" : "always" });
    return format.format(-Math.floor(seconds / length), unit);
  }

  isUrgent({ priority }) {
    return priority === "high" || priority === "critical";
  }

  /** False where a listener does it instead. */
  fire(name, detail) {
    const options = { detail, bubbles: true, composed: true, cancelable: true };
    return this.dispatchEvent(new CustomEvent(`notification-${name}`, options));
  }

  #build() {
    const slot = (name, ...fallback) => make("slot", { name }, ...fallback);
    this.#ui.badge = piece("span", "badge");
    this.#ui.button = piece("button", "button", {}, slot("icon", icon("bell")), this.#ui.badge);
    this.#ui.heading = piece("h2", "title");
    this.#ui.markAll = piece("button", "mark-all", { onclick: () => this.markAllRead() });
    this.#ui.note = piece("div", "note");
    this.#ui.list = piece("ul", "list", { role: "list" });
    this.#ui.nothing = piece("p", "empty");
    this.#ui.empty = slot("empty", this.#ui.nothing);
    this.#ui.inbox = make("a");
    this.#ui.panel = piece("div", "panel", { popover: "auto", role: "dialog", tabIndex: -1, onkeydown: (event) => this.#move(event) },
      piece("div", "header", {}, slot("header", this.#ui.heading), this.#ui.markAll),
      this.#ui.note,
      piece("div", "scroll", {}, this.#ui.list, this.#ui.empty),
      piece("div", "footer", {}, slot("footer", this.#ui.inbox)),
    );
    this.#ui.toasts = piece("ul", "toasts", { popover: "manual", role: "list" });
    this.#ui.status = make("div", { className: "unseen", role: "status" });
    this.#ui.bell = make("div", { className: "bell" }, this.#ui.button, this.#ui.panel, this.#ui.toasts, this.#ui.status);
    this.shadowRoot.append(this.#ui.bell);

    Object.assign(this.#ui.button, { popoverTargetElement: this.#ui.panel, ariaHasPopup: "dialog", ariaExpanded: "false" });
    this.#ui.panel.ontoggle = ({ newState }) => this.#toggled(newState === "open");
    this.#ui.panel.onbeforetoggle = () => {
      if (this.#ui.panel.contains(this.shadowRoot.activeElement)) this.#ui.button.focus(); // no browser does
    };
    this.#ui.panel.addEventListener("focusout", ({ relatedTarget: to }) => {
      if (to && to !== this.#ui.button && !this.#ui.panel.contains(to) && !this.contains(to)) this.close();
    });
  }

  get #shown() {
    return this.#feed?.shown ?? NOTHING;
  }

  #show(arrived = []) {
    const { items, unread, trouble } = this.#shown;
    const mayTell = unread === this.#count || this.fire("count", { count: unread, previous: this.#count });
    this.#count = unread;
    if (trouble !== this.#trouble) this.#isHandled = trouble && !this.fire("error", trouble);
    this.#trouble = trouble;

    this.#showButton(unread, trouble);
    if (mayTell) this.#announce(arrived, unread);
    this.#showNote();
    this.#fill(this.#ui.list, "item", items, (item) => (item.is_unread ? "markRead" : "markUnread"));
    this.#ui.empty.hidden = items.length > 0;
    this.#ui.nothing.textContent = this.word(unread === null ? "loading" : "empty");
    const toasts = items.filter((item) => item.is_unread && this.#toasted.has(item.id));
    this.#fill(this.#ui.toasts, "toast", toasts, () => "dismiss");
    if (this.isConnected) this.#ui.toasts.togglePopover(toasts.length > 0);
  }

  #showButton(unread, trouble) {
    this.#ui.bell.classList.toggle("dark", document.documentElement.classList.contains("dark"));
    this.#ui.bell.classList.toggle("stale", !!trouble);
    this.#ui.badge.hidden = !unread;
    this.#ui.badge.textContent = unread > 99 ? "99+" : unread;
    this.#ui.heading.textContent = this.#ui.panel.ariaLabel = this.word("title");
    this.#ui.markAll.textContent = this.word("markAll");
    this.#ui.markAll.ariaDisabled = `${!unread}`;
    link(this.#ui.inbox, this.getAttribute("inbox-url"), this.word("all"));
    const counted = unread && this.word("unread", { n: unread });
    const name = [this.word("title"), counted, trouble && this.word(trouble.status === 401 ? "ended" : "old")];
    this.#ui.button.ariaLabel = name.filter(Boolean).join(", ");
  }

  #fill(list, part, items, toggleOf) {
    const before = list.rows ?? new Map();
    const entry = ({ id }) => [id, before.get(id) ?? new Row(this, part, (item) => this.#toggle(part, item))];
    list.rows = new Map(items.map(entry));
    const lines = items.map((item) => list.rows.get(item.id).show(item, toggleOf(item)));
    if (lines.length === list.children.length && lines.every((line, at) => line === list.children[at])) return;
    const focused = list.contains(this.shadowRoot.activeElement) && this.shadowRoot.activeElement;
    list.replaceChildren(...lines);
    // Moving it took its focus.
    if (focused) (focused.isConnected ? focused : list.querySelector("button") ?? this.#ui.button).focus();
  }

  #showNote() {
    const { trouble, at } = this.#shown;
    let said = this.#said;
    if (trouble && !this.#isHandled) {
      if (trouble.status === 401) said = [this.word("ended"), "signIn", this.getAttribute("sign-in-url")];
      else said ??= [this.word("stale", { when: at ? this.ago(at) : "-" }), "retry", () => this.refresh()];
    }
    this.#ui.note.hidden = !said;
    const [text, key, does] = said ?? [];
    const control = key && (key === "signIn" ? link(make("a"), does, this.word(key)) : make("button", { onclick: does }, this.word(key)));
    this.#ui.note.replaceChildren(piece("span", "said", {}, text), control ?? "");
  }

  #say(...said) {
    this.#said = said;
    this.#ui.status.textContent = said[0];
    this.#showNote();
  }

  #announce(arrived, unread) {
    if (this.hasAttribute("title-badge")) {
      const title = document.title.replace(/^\(\d+\+?\) /, "");
      document.title = unread ? `(${this.#ui.badge.textContent}) ${title}` : title;
    }
    if (!arrived.length || document.hidden) return;
    this.#ui.status.textContent = this.word("arrived", { n: arrived.length, title: arrived[0].title });
    if (!this.hasAttribute("toasts") || this.#ui.panel.matches(":popover-open")) return;
    for (const item of arrived.filter(this.isUrgent)) this.#toasted.add(item.id);
    this.#hold();
  }

  #restart() {
    this.#restarting ??= Promise.resolve().then(() => {
      this.#restarting = this.#feed?.stop();
      this.#feed = this.#said = null;
      const { token, tokenProvider } = this.#given;
      const ask = tokenProvider ? (refused) => tokenProvider({ refused }) : token ? () => token : null;
      const base = this.getAttribute("src")?.replace(/\/+$/, "");
      if (base && this.isConnected && (ask || this.getAttribute("auth") !== "token")) {
        const limit = this.getAttribute("limit") ?? 10;
        const interval = this.getAttribute("interval") ?? 0;
        const options = { limit, interval, stream: this.hasAttribute("stream") };
        this.#feed = new Feed(new Api(base, ask), options, (arrived) => this.#show(arrived));
      }
      this.#show();
    });
  }

  async #write(change, path, body) {
    this.#said = null;
    try {
      return await this.#feed.write(change, path, body);
    } catch ({ status = 0 }) {
      if (status !== 401 && this.fire("error", { status })) this.#say(this.word("failed"));
    }
  }

  #toggle(part, { id, is_unread: isUnread }) {
    if (part === "item") return isUnread ? this.markRead(id) : this.markUnread(id);
    this.#toasted.delete(id);
    this.#show();
  }

  #hold() {
    clearTimeout(this.#holding);
    this.#holding = setTimeout(() => {
      if (this.#ui.toasts.matches(":hover, :focus-within")) return this.#hold();
      this.#toasted.clear();
      this.#show();
    }, 10_000);
  }

  #toggled(isOpen) {
    this.#ui.button.ariaExpanded = `${isOpen}`;
    clearInterval(this.#ticking);
    this.#said = null;
    if (isOpen) {
      this.#ticking = setInterval(() => this.#show(), 15_000);
      (this.#ui.list.querySelector("button") ?? this.#ui.panel).focus();
    }
    this.#show();
  }

  #move(event) {
    event.stopPropagation(); // the page has its own
    const opens = [...this.#ui.list.querySelectorAll(".open")];
    const at = opens.findIndex((open) => open.parentNode.contains(event.target));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: opens.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    opens[to]?.focus();
  }
}

const SHEET = new CSSStyleSheet();
SHEET.replaceSync(STYLE);
if (!customElements.get("notification-bell")) customElements.define("notification-bell", NotificationBell);
