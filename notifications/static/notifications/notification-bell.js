/** <notification-bell src="/api/notifications">, as docs/bell.md tells. This file is the source, and what is served. */

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
  arrived: "New notification: {title}",
  arrivedMore: "{n} new notifications, the newest: {title}",
  marked: "Marked as read: {n}.",
  undo: "Undo",
  old: "may be out of date",
  stale: "Could not refresh. This is from {when}.",
  never: "Could not be loaded.",
  failed: "That did not work. Nothing was changed.",
  retry: "Try again",
  ended: "You are signed out.",
  signIn: "Sign in",
};

const STYLE = `
:host { display: inline-block; vertical-align: middle; }
:host([hidden]), [hidden] { display: none !important; }
.bell {
  --ink: var(--bell-ink, light-dark(#1a2233, #e7ebf3));
  --quiet: var(--bell-quiet, light-dark(#515c72, #a5b0c6));
  --ground: var(--bell-ground, light-dark(#fff, #19202c));
  --raised: var(--bell-raised, light-dark(#eef2f9, #232c3b));
  --line: var(--bell-line, light-dark(#d6dce7, #344056));
  --accent: var(--bell-accent, light-dark(#2456c4, #8db4ff));
  --new: var(--bell-new, light-dark(#f4f7fe, #1d2637));
  --high: var(--bell-high, light-dark(#875400, #ffc766));
  --alarm: var(--bell-alarm, light-dark(#b3261e, #ff9d94));
  --alarm-ink: var(--bell-alarm-ink, light-dark(#fff, #10141d));
  --radius: var(--bell-radius, .75rem);
  font-size: .9375rem; line-height: 1.45;
}
.dark { color-scheme: dark; }
* { box-sizing: border-box; }
button, .link {
  padding: .3rem .6rem; font: inherit; font-weight: 600; color: var(--accent); background: none; border: 0;
  border-radius: calc(var(--radius) * .7); text-decoration: none; cursor: pointer;
}
button:hover, .link:hover { background: var(--raised); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
[aria-disabled=true] { color: var(--quiet); cursor: default; }
svg { display: block; width: 1.25rem; fill: none; stroke: currentcolor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.button { position: relative; display: grid; place-items: center; width: 2.5rem; height: 2.5rem; padding: 0; color: inherit; border-radius: 50%; }
.badge {
  position: absolute; top: 0; inset-inline-start: 50%; min-width: 1.2rem; padding: 0 .3rem; font-size: .72rem; line-height: 1.2rem;
  font-weight: 700; color: var(--alarm-ink); background: var(--alarm); border-radius: 1rem;
}
.stale .badge { color: var(--ink); background: var(--ground); outline: 2px dashed var(--quiet); }

[popover] { inset: auto; padding: 0; color: var(--ink); text-align: start; border: 1px solid var(--line); overflow: hidden; }
.panel {
  position-area: block-end span-inline-start; position-try: flip-block; width: min(var(--bell-width, 25rem), 100vw - 1rem);
  max-height: min(40rem, 100% - 1rem); margin: .5rem 0; background: var(--ground); border-radius: var(--radius);
}
:host([placement=bottom-start]) .panel { position-area: block-end span-inline-end; }
:host([placement=top-end]) .panel { position-area: block-start span-inline-start; }
:host([placement=top-start]) .panel { position-area: block-start span-inline-end; }
@media (width < 27rem) { .panel { position-area: block-end span-all !important; justify-self: center; } }
.panel, .toast { box-shadow: 0 1rem 2.5rem light-dark(#1a223326, #0009); animation: come .15s; }
.panel:popover-open { display: flex; flex-direction: column; }
.panel:focus { outline: none; }
@keyframes come { from { opacity: 0; transform: translateY(-.3rem); } }
.header, .footer, .note { display: flex; flex-wrap: wrap; align-items: center; padding: .6rem; border: 0 solid var(--line); }
.header { border-bottom-width: 1px; }
.title, .said { flex: 1; margin: 0 .5rem; font-size: 1.05rem; }
.note { background: var(--raised); }
.said { flex-basis: 9rem; font-size: inherit; }
.footer { justify-content: center; border-top-width: 1px; }
.scroll { overflow-y: auto; overscroll-behavior: contain; }
ul { margin: 0; padding: 0; list-style: none; }
.empty { margin: 3rem 1.5rem; text-align: center; color: var(--quiet); }

li { position: relative; padding: .4rem .6rem; border: 0 solid var(--line); overflow-wrap: anywhere; }
li + li { border-top-width: 1px; }
.new { --edge: var(--accent); background: var(--new); box-shadow: inset 3px 0 var(--edge); }
.new:dir(rtl) { box-shadow: inset -3px 0 var(--edge); }
.new.high { --edge: var(--high); }
.new.critical { --edge: var(--alarm); }
.open { display: grid; gap: .15rem; width: 100%; padding: .4rem; font-weight: inherit; color: inherit; text-align: start; }
.name { padding-inline-end: 2rem; }
.new .name { font-weight: 650; }
.name, .text { unicode-bidi: plaintext; text-align: match-parent; }
.text, .meta { color: var(--quiet); }
.text { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; white-space: pre-line; }
[aria-expanded=true] .text { -webkit-line-clamp: none; }
.meta { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem .5rem; font-size: .8125rem; }
.chip { display: flex; align-items: center; gap: .2rem; padding: 0 .45rem; font-weight: 600; border: 1px solid; border-radius: 1rem; }
.chip svg { width: .8rem; stroke-width: 2.4; }
.chip.high { color: var(--high); }
.chip.critical { color: var(--alarm-ink); background: var(--alarm); border-color: var(--alarm); }
.action { display: inline-block; margin: .2rem .4rem .3rem; border: 1px solid var(--line); }
.toggle { position: absolute; top: .6rem; inset-inline-end: .6rem; padding: .4rem; color: var(--quiet); }

.toasts { inset-block-end: 0; inset-inline-end: 0; width: min(25rem, 100vw); padding: .5rem; background: none; border: 0; }
.toast { margin: .5rem; background: var(--ground); border: 1px solid var(--line); border-radius: var(--radius); }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }
@media (forced-colors: active) { .badge, .new { border: 1px solid; } }
`;

const ICONS = {
  bell: "M18 9a6 6 0 0 0-12 0c0 6-2.5 7.5-2.5 7.5h17S18 15 18 9M10 20a2.2 2.2 0 0 0 4 0",
  markRead: "m5 12.5 4.5 4.5L19 7.5",
  markUnread: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  dismiss: "M6 6l12 12M18 6 6 18",
  high: "M12 19V5m-6 6 6-6 6 6",
  critical: "M12 4v10m0 5v.5",
  system: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6z",
};
const UNITS = { year: 31536000, month: 2592000, week: 604800, day: 86400, hour: 3600, minute: 60 };
const NOTHING = { who: "", items: [], unread: null };
const SELDOM = 300; // seconds between polls while the stream tells of changes, and the longest pause after failures
const TOAST_SECONDS = 10;

/** An element; what it has no property for becomes an attribute. Strings become text, never markup. */
function make(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** One that pages may style by its class, as `::part`. */
const piece = (name, part, properties, ...children) => make(name, { className: part, part, ...properties }, ...children);

function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Makes a link of an address that may be followed: http(s), or a path of this site. Any other hides it. */
function link(anchor, address, text) {
  const url = URL.canParse(address, location.origin) && new URL(address, location.origin);
  const isPath = /^\/(?![/\\])/.test(address) && url.origin === location.origin;
  anchor.hidden = !url || !(isPath || /^https?:\/\//i.test(address));
  anchor.href = anchor.hidden ? "" : url.href;
  anchor.textContent = text;
  return anchor;
}

/** A change of a state: items that `matches` are read or unread, and counted so. Done twice it changes nothing more. */
const marking = (matches, isUnread) => (state) => {
  const items = state.items.map((item) => (matches(item) ? { ...item, is_unread: isUnread } : item));
  const count = (of) => of.filter((item) => item.is_unread).length;
  return { ...state, items, unread: Math.max(state.unread + count(items) - count(state.items), count(items)) };
};

/** The API below `base`, with the session's cookie, or with what `token(wasRefused)` gives. */
class Api {
  constructor(base, token) {
    Object.assign(this, { base, token });
  }

  /** The reply to a GET, or to a POST of `body`. Rejects with `status` and `retryAfter`, or as fetch does. */
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
    const headers = { Accept: "application/json" };
    const options = { headers, credentials: this.token ? "omit" : "same-origin", signal: AbortSignal.timeout(20_000) };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body) {
      headers["Content-Type"] = "application/json";
      if (!this.token) headers["X-CSRFToken"] = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
      // `keepalive`: it arrives although the same click leads to another page.
      Object.assign(options, { method: "POST", body: JSON.stringify(body), keepalive: true });
    }
    return fetch(`${this.base}/${path}`, options);
  }
}

/** The event stream (docs/stream.md). It calls `poll` when it is time to, and `ended` when it has nothing to tell. */
class Stream {
  live = false;
  #attempt = null;
  #source;
  #timer;
  #failures = 0;
  #lastId = "";

  constructor(api, poll, ended) {
    Object.assign(this, { api, poll, ended });
  }

  async open() {
    const attempt = (this.#attempt = {});
    const query = new URLSearchParams();
    try {
      // An EventSource sends cookies, but no token.
      if (this.api.token) query.set("ticket", (await (await this.api.send("stream/ticket/", {})).json()).ticket);
    } catch {
      if (attempt === this.#attempt) this.#again();
      return;
    }
    if (attempt !== this.#attempt) return;
    if (this.#lastId) query.set("last_event_id", this.#lastId);
    const source = new EventSource(`${this.api.base}/stream/?${query}`, { withCredentials: !this.api.token });
    this.#source = source;
    source.onopen = () => {
      this.live = true;
      this.#failures = 0;
    };
    source.onerror = () => this.#again();
    source.addEventListener("inbox", (event) => this.#told(event));
    source.addEventListener("poll", (event) => this.#told(event));
    source.addEventListener("bye", ({ data }) => this.#again(JSON.parse(data).retry));
  }

  close() {
    this.#attempt = null;
    this.live = false;
    this.#source?.close();
    clearTimeout(this.#timer);
  }

  #told({ lastEventId, data }) {
    const { within, reason } = JSON.parse(data);
    this.#lastId = lastEventId || this.#lastId;
    this.live = reason !== "unavailable";
    clearTimeout(this.#timer); // ten changes need not be ten polls
    this.#timer = setTimeout(this.poll, within * 1000 * Math.random());
  }

  #again(milliseconds = Math.min(2 ** this.#failures++, 30) * (2000 + 3000 * Math.random())) {
    this.close();
    this.#timer = setTimeout(() => this.open(), milliseconds);
    this.ended();
  }
}

/**
 * An inbox, shared by the tabs that show it. One visible tab leads, by holding a lock: it polls, and tells the others by
 * a channel. X-Inbox says whose inbox a reply is; it is in the lock's name, and nobody takes what is somebody else's.
 */
class Feed {
  known = null; // {who, items, unread, at (milliseconds), wait and pace (seconds), trouble: {status, wait}}
  #changes = new Set(); // what was done here and is not confirmed yet: functions of a state
  #writes = 0;
  #failures = 0;
  #polling = null;
  #again = false;
  #timer;
  #bid = null; // for the lock, and then for holding it
  #leads = false;

  /** `interval` is in seconds; `changed(arrived)` is called whenever `shown` may have changed. */
  constructor(api, { limit, interval, stream }, changed) {
    Object.assign(this, { api, limit, interval, changed });
    this.key = `notification-bell ${new URL(api.base, location.href)} ${limit} ${api.token ? "token" : "cookie"}`;
    if (stream) this.stream = new Stream(api, () => this.#ask(), () => this.#schedule());
    this.channel = new BroadcastChannel(this.key);
    this.channel.onmessage = ({ data }) => this.#heard(data);
    this.life = new AbortController();
    for (const name of ["visibilitychange", "focus", "online", "offline"])
      addEventListener(name, ({ type }) => this.#looked(type), { signal: this.life.signal });
    this.#ask();
  }

  stop() {
    this.life.abort();
    this.#resign();
    this.channel.close();
  }

  /** What to show: what is known, and what was done here since. */
  get shown() {
    return this.known ? [...this.#changes].reduce((state, change) => change(state), this.known) : NOTHING;
  }

  /** Polls, whoever leads; a poll that is under way is followed by another one. */
  refresh() {
    if (this.#polling) this.#again = true;
    else this.#polling = this.#poll().finally(() => (this.#polling = null));
    return this.#polling;
  }

  /** Shows `change` at once, and takes it back where the call fails. Rejects then. */
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
      this.#writes++; // a poll that is under way may be older than this
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

  #looked(type) {
    if (document.hidden) return this.#resign();
    // A tab that comes to the front gets the focus too.
    const isFresh = type === "focus" && !this.known?.trouble && Date.now() - this.known?.at < 2000;
    if (isFresh) this.#compete();
    else if (!this.#polling) this.refresh();
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
    this.#take({ ...(this.known ?? NOTHING), trouble: { status, wait } });
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
    if (this.known.who || this.#isOver) this.channel.postMessage({ ...this.known, pace: this.#pace });
  }

  /** From another tab. Tabs with a cookie are all the same person's, so where they differ one of them is behind. */
  #heard(state) {
    if (!this.known) return;
    if (state.who !== this.known.who) {
      if (this.api.token) return;
      this.#forget();
      this.changed();
      this.#ask();
    } else if (state.who) this.#take(state);
  }

  #forget() {
    this.#resign();
    this.#changes.clear();
    this.known = null;
  }

  get #pace() {
    return this.stream?.live ? Math.max(this.known.wait, SELDOM) : this.known.wait;
  }

  #schedule() {
    clearTimeout(this.#timer);
    if (document.hidden || !this.known || this.#isOver) return;
    const { at, pace, trouble } = this.known;
    // Who follows waits so long that it never asks, unless the leader has gone silent.
    const seconds = this.#leads ? (trouble?.wait ?? this.#pace) : 3 * (trouble?.wait ?? pace ?? this.#pace);
    const due = (trouble ? Date.now() : at) + seconds * 1000 * (1 + Math.random() / 10);
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
    // Who cannot be told from others, or has no locks (plain http), leads for itself alone.
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

/** One notification, as a line of the panel or as a toast. */
class Row {
  constructor(bell, part, toggled) {
    Object.assign(this, { bell, part });
    this.name = piece("span", "name", {});
    this.text = piece("span", "text", {});
    this.meta = piece("span", "meta", {});
    this.time = make("time", {});
    this.open = piece("button", "open", { ariaExpanded: "false", onclick: () => this.#open() }, this.name, this.text, this.meta);
    this.action = piece("a", "action", { className: "link action", onclick: (event) => this.#act(event) });
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
  #badge;
  #bell;
  #button;
  #empty;
  #heading;
  #inbox;
  #list;
  #markAll;
  #note;
  #nothing;
  #panel;
  #status;
  #toasts;
  #feed = null;
  #restarting = null;
  #rows = new Map();
  #toasted = new Set(); // ids
  #count = null;
  #trouble; // the last one that an event told of
  #isHandled = false; // by a listener to that event
  #said = null; // {text, actions}: what the last action led to
  #ticking;
  #holding;
  #watch = new MutationObserver(() => this.#show());

  static {
    for (const name of ["token", "tokenProvider", "words"]) {
      const get = function () {
        return this.#given[name];
      };
      const set = function (value) {
        if (value !== this.#given[name]) this.#restart();
        this.#given[name] = value;
      };
      Object.defineProperty(this.prototype, name, { get, set });
    }
  }

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [SHEET];
    this.#build();
    // What the page had set before this file was loaded.
    for (const [name, value] of Object.entries(this)) {
      if (!(name in this.#given)) continue;
      delete this[name];
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

  get count() {
    return this.#count;
  }

  async refresh() {
    await this.#feed?.refresh();
  }

  open() {
    this.#panel.showPopover({ source: this.#button });
  }

  close() {
    this.#panel.hidePopover();
  }

  markRead(id) {
    return this.#write(marking((item) => item.id === id, false), `${id}/mark-read/`);
  }

  markUnread(id) {
    return this.#write(marking((item) => item.id === id, true), `${id}/mark-unread/`);
  }

  /** All up to the newest that is shown, since nobody has seen what came later. Ids sort by time. */
  async markAllRead() {
    const { items, unread } = this.#shown;
    if (!unread) return;
    const ids = items.filter((item) => item.is_unread).map(({ id }) => id);
    const before = items[0]?.id;
    const all = (state) => {
      const done = marking(({ id }) => id <= before, false)(state);
      return { ...done, unread: done.items.filter((item) => item.is_unread).length };
    };
    const reply = await this.#write(all, "mark-all-read/", before ? { before } : {});
    if (!reply) return;
    const undo = () => this.#write(marking(({ id }) => ids.includes(id), true), "bulk/", { ids, action: "mark_unread" });
    // Only what is shown is known by its id, and half of it is no undoing.
    this.#say(this.word("marked", { n: reply.marked_count }), reply.marked_count <= ids.length ? { undo } : {});
  }

  // --- For its parts

  get language() {
    const wanted = this.getAttribute("locale") || this.closest("[lang]")?.lang;
    try {
      return Intl.getCanonicalLocales(wanted)[0];
    } catch {
      return undefined; // the browser's own
    }
  }

  word(key, values = {}) {
    const shown = (name) => (name === "n" ? values.n.toLocaleString(this.language) : values[name]);
    return (this.words[key] ?? WORDS[key]).replace(/\{(\w+)\}/g, (_, name) => shown(name));
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

  // --- Drawing

  #build() {
    const slot = (name, ...fallback) => make("slot", { name }, ...fallback);
    this.#badge = piece("span", "badge", {});
    this.#button = piece("button", "button", {}, slot("icon", icon("bell")), this.#badge);
    this.#heading = piece("h2", "title", {});
    this.#markAll = piece("button", "mark-all", { onclick: () => this.markAllRead() });
    this.#note = piece("div", "note", {});
    this.#list = piece("ul", "list", { role: "list", onkeydown: (event) => this.#move(event) });
    this.#nothing = piece("p", "empty", {});
    this.#empty = slot("empty", this.#nothing);
    this.#inbox = piece("a", "link", {});
    this.#panel = piece("div", "panel", { id: "panel", popover: "auto", role: "dialog", tabIndex: -1 },
      piece("div", "header", {}, slot("header", this.#heading), this.#markAll),
      this.#note,
      piece("div", "scroll", {}, this.#list, this.#empty),
      piece("div", "footer", {}, slot("footer", this.#inbox)),
    );
    this.#toasts = piece("ul", "toasts", { popover: "manual", role: "list" });
    this.#status = make("div", { className: "unseen", role: "status" });
    this.#bell = make("div", { className: "bell" }, this.#button, this.#panel, this.#toasts, this.#status);
    this.shadowRoot.append(this.#bell);

    // The button's own way to open it: a click beside the panel closes it, and Esc, and the button.
    Object.assign(this.#button, { popoverTargetElement: this.#panel, ariaHasPopup: "dialog", ariaExpanded: "false" });
    this.#panel.addEventListener("toggle", ({ newState }) => this.#toggled(newState === "open"));
    this.#panel.addEventListener("beforetoggle", () => {
      if (this.#panel.contains(this.shadowRoot.activeElement)) this.#button.focus(); // browsers do so outside of shadow trees
    });
    this.#panel.addEventListener("focusout", ({ relatedTarget: to }) => {
      if (to && to !== this.#button && !this.#panel.contains(to) && !this.contains(to)) this.close();
    });
    for (const name of ["mouseenter", "focusin"]) this.#toasts.addEventListener(name, () => clearTimeout(this.#holding));
    for (const name of ["mouseleave", "focusout"]) this.#toasts.addEventListener(name, () => this.#hold());
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

    if (mayTell) this.#announce(arrived, unread);
    this.#showButton(unread, trouble);
    this.#showNote();
    this.#fill(this.#list, "item", items, (item) => (item.is_unread ? "markRead" : "markUnread"));
    this.#empty.hidden = items.length > 0;
    this.#nothing.textContent = this.word(unread === null ? "loading" : "empty");
    const toasts = items.filter((item) => item.is_unread && this.#toasted.has(item.id));
    this.#fill(this.#toasts, "toast", toasts, () => "dismiss");
    if (this.isConnected) this.#toasts.togglePopover(toasts.length > 0);
  }

  #showButton(unread, trouble) {
    this.#bell.classList.toggle("dark", document.documentElement.classList.contains("dark"));
    this.#bell.classList.toggle("stale", !!trouble);
    this.#badge.hidden = !unread;
    this.#badge.textContent = Math.min(unread, 99).toLocaleString(this.language) + (unread > 99 ? "+" : "");
    this.#heading.textContent = this.#panel.ariaLabel = this.word("title");
    this.#markAll.textContent = this.word("markAll");
    this.#markAll.ariaDisabled = `${!unread}`;
    link(this.#inbox, this.getAttribute("inbox-url"), this.word("all"));
    const counted = unread && this.word("unread", { n: unread });
    const name = [this.word("title"), counted, trouble && this.word(trouble.status === 401 ? "ended" : "old")];
    this.#button.ariaLabel = name.filter(Boolean).join(", ");
  }

  #fill(list, part, items, toggleOf) {
    const rows = items.map((item) => this.#rows.get(part + item.id) ?? new Row(this, part, (item) => this.#toggle(part, item)));
    for (const [at, row] of rows.entries()) {
      this.#rows.set(part + items[at].id, row);
      row.show(items[at], toggleOf(items[at]));
    }
    const lines = rows.map((row) => row.line);
    if (lines.length === list.children.length && lines.every((line, at) => line === list.children[at])) return;
    const focused = list.contains(this.shadowRoot.activeElement) && this.shadowRoot.activeElement;
    list.replaceChildren(...lines);
    // Moving a line takes its focus away.
    if (focused) (focused.isConnected ? focused : list.querySelector("button") ?? this.#button).focus();
  }

  #showNote() {
    const { trouble, at } = this.#shown;
    let said = this.#said;
    if (!said && trouble && !this.#isHandled) {
      if (trouble.status === 401) said = { text: this.word("ended"), actions: { signIn: this.getAttribute("sign-in-url") } };
      else said = { text: at ? this.word("stale", { when: this.ago(at) }) : this.word("never"), actions: { retry: () => this.refresh() } };
    }
    this.#note.hidden = !said;
    const controls = Object.entries(said?.actions ?? {}).map(([key, does]) =>
      typeof does === "function" ? make("button", { onclick: does }, this.word(key)) : link(piece("a", "link", {}), does, this.word(key)),
    );
    this.#note.replaceChildren(piece("span", "said", {}, said?.text ?? ""), ...controls);
  }

  #say(text, actions) {
    this.#said = { text, actions };
    this.#status.textContent = text;
    this.#showNote();
  }

  #announce(arrived, unread) {
    if (this.hasAttribute("title-badge")) {
      const title = document.title.replace(/^\(\d+\+?\) /, "");
      document.title = unread ? `(${unread > 99 ? "99+" : unread}) ${title}` : title;
    }
    if (!arrived.length || document.hidden) return;
    this.#status.textContent = this.word(arrived[1] ? "arrivedMore" : "arrived", { n: arrived.length, title: arrived[0].title });
    if (!this.hasAttribute("toasts") || this.#panel.matches(":popover-open")) return;
    for (const item of arrived.filter(this.isUrgent)) this.#toasted.add(item.id);
    this.#hold();
  }

  // --- What happens

  /** Once for all that changes at the same moment. */
  #restart() {
    this.#restarting ??= Promise.resolve().then(() => {
      this.#restarting = this.#feed?.stop();
      this.#feed = this.#said = null;
      const { token, tokenProvider } = this.#given;
      const ask = tokenProvider ? (refused) => tokenProvider({ refused }) : token ? () => token : null;
      const base = this.getAttribute("src")?.replace(/\/+$/, "");
      if (base && this.isConnected && (ask || this.getAttribute("auth") !== "token")) {
        const limit = this.getAttribute("limit") || 10;
        const interval = this.getAttribute("interval") || 0;
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
      if (status !== 401 && this.fire("error", { status })) this.#say(this.word("failed"), {});
    }
  }

  #toggle(part, { id, is_unread: isUnread }) {
    if (part === "item") return isUnread ? this.markRead(id) : this.markUnread(id);
    this.#toasted.delete(id);
    this.#show();
  }

  /** Toasts go some seconds after the last one came, or was looked at. */
  #hold() {
    clearTimeout(this.#holding);
    this.#holding = setTimeout(() => {
      this.#toasted.clear();
      this.#show();
    }, TOAST_SECONDS * 1000);
  }

  #toggled(isOpen) {
    this.#button.ariaExpanded = `${isOpen}`;
    clearInterval(this.#ticking);
    this.#said = null;
    if (isOpen) {
      this.#ticking = setInterval(() => this.#show(), 15_000);
      (this.#list.querySelector("button") ?? this.#panel).focus();
    }
    this.#show();
  }

  #move(event) {
    const opens = [...this.#list.querySelectorAll(".open")];
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
