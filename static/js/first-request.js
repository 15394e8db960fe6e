// <first-request>: waits for a request of the page's application and shows it.
// It listens at the gateway (server-sent events read by fetch, since a ticket travels in a header)
// and asks the portal every few seconds in case the stream cannot be opened.
const ASK = 3000; // milliseconds between questions
const AGAIN = 4000; // milliseconds before a lost stream is opened again

class FirstRequest extends HTMLElement {
  connectedCallback() {
    this.ticket = this.dataset.ticket;
    this.shown = new Set();
    this.stopped = new AbortController();
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => this.run(event));
    this.listen();
    this.timer = setInterval(() => this.ask(), ASK);
  }

  disconnectedCallback() {
    this.stopped.abort();
    clearInterval(this.timer);
  }

  async listen() {
    while (!this.stopped.signal.aborted) {
      try {
        await this.read();
      } catch {
        // The page still asks, so nothing is lost but time.
      }
      await new Promise((done) => setTimeout(done, AGAIN));
    }
  }

  async read() {
    const answer = await fetch(this.dataset.stream, {
      headers: { Authorization: `Bearer ${this.ticket}` },
      signal: this.stopped.signal,
    });
    if (!answer.ok) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop();
      blocks.forEach((block) => this.hear(block));
    }
  }

  hear(block) {
    const data = block.split("\n").find((line) => line.startsWith("data: "));
    if (data) this.show(JSON.parse(data.slice(6)));
  }

  async ask() {
    if (document.hidden) return;
    try {
      const answer = await fetch(`${this.dataset.poll}?since=${encodeURIComponent(this.dataset.since)}`);
      if (!answer.ok) return;
      const found = await answer.json();
      this.ticket = found.ticket ?? this.ticket;
      if (found.request) this.show(found.request);
    } catch {
      // Asked again in a moment.
    }
  }

  async run(event) {
    event.preventDefault();
    const button = this.form.querySelector("button");
    button.disabled = true;
    const began = performance.now();
    try {
      const answer = await fetch(this.dataset.url, {
        headers: { Authorization: `Bearer ${this.dataset.key}` },
      });
      const text = await answer.text();
      this.body(text);
      this.show({
        id: answer.headers.get("Trellis-Request-Id") ?? "",
        method: "GET",
        path: new URL(this.dataset.url).pathname,
        status: answer.status,
        latency_us: (performance.now() - began) * 1000,
      });
    } catch {
      this.querySelector("[data-failure]").hidden = false;
    } finally {
      button.disabled = false;
    }
  }

  body(text) {
    const box = this.querySelector("[data-body]");
    box.hidden = false;
    try {
      box.querySelector("code").textContent = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      box.querySelector("code").textContent = text;
    }
  }

  show(request) {
    if (!request.id || this.shown.has(request.id)) return;
    this.shown.add(request.id);
    const part = this.querySelector("template").content.cloneNode(true);
    const fine = request.status < 400;
    const values = {
      id: request.id,
      call: `${request.method} ${request.path}`,
      status: request.status,
      latency: `${Math.max(request.latency_us / 1000, 0.1).toFixed(1)} ms`,
    };
    for (const [name, value] of Object.entries(values)) {
      part.querySelector(`[data-field=${name}]`).textContent = value;
    }
    part.querySelector("[data-fine]").hidden = !fine;
    part.querySelector("[data-refused]").hidden = fine;
    const link = part.querySelector("a");
    link.href = link.getAttribute("href").replace("req_", request.id);
    part.querySelector("copy-button").dataset.text = request.id;
    this.querySelector("[data-arrivals]").replaceChildren(part);
    this.querySelector("[data-waiting]").hidden = true;
    if (fine) document.querySelector("[data-step=call]")?.toggleAttribute("data-done", true);
  }
}

customElements.define("first-request", FirstRequest);
