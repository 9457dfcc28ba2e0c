// What browsers have and node has not: as much of EventSource as the documents use. It does not come back by itself.
globalThis.EventSource = class extends EventTarget {
  #stop = new AbortController();

  constructor(address) {
    super();
    this.#read(address).catch(() => this.#stop.signal.aborted || this.dispatchEvent(new Event("error")));
  }

  async #read(address) {
    const headers = { Accept: "text/event-stream" };
    const reply = await fetch(address, { headers, signal: this.#stop.signal });
    if (reply.status !== 200 || !reply.headers.get("Content-Type").startsWith("text/event-stream")) throw reply;
    let text = "";
    for await (const part of reply.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + part).split("\n\n");
      text = blocks.pop();
      blocks.forEach((block) => this.#tell(block));
    }
    throw new Error("The stream ended.");
  }

  #tell(block) {
    const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s, 2)));
    if (!fields.event) return;
    const event = new Event(fields.event);
    this.dispatchEvent(Object.assign(event, { data: fields.data, lastEventId: fields.id ?? "" }));
  }

  close() {
    this.#stop.abort();
  }
};
