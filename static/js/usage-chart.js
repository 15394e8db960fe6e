// <usage-chart>: draws the table inside it as stacked bars. The table stays, for everyone else.
import uPlot from "../vendor/uplot.js";

class UsageChart extends HTMLElement {
  connectedCallback() {
    this.plot = this.querySelector(".plot");
    this.read();
    this.draw();
    this.resize = new ResizeObserver(() => this.fit());
    this.resize.observe(this.plot);
    this.redraw = () => this.draw();
    document.addEventListener("theme", this.redraw);
    this.system = matchMedia("(prefers-color-scheme: dark)");
    this.system.addEventListener("change", this.redraw);
  }

  disconnectedCallback() {
    this.resize.disconnect();
    document.removeEventListener("theme", this.redraw);
    this.system.removeEventListener("change", this.redraw);
    this.chart?.destroy();
  }

  read() {
    const rows = [...this.querySelectorAll("tbody tr")].map((row) => ({
      at: Date.parse(row.dataset.at) / 1000,
      numbers: ["good", "warn", "bad"].map((name) => Number(row.dataset[name])),
    }));
    const [good, warn, bad] = [0, 1, 2].map((i) => rows.map((row) => row.numbers[i]));
    const two = warn.map((value, i) => value + bad[i]);
    const all = good.map((value, i) => value + two[i]);
    this.data = [rows.map((row) => row.at), all, two, bad];
    this.half = rows.length > 1 ? (rows[1].at - rows[0].at) / 2 : 43200;
    this.hourly = rows.length > 1 && rows[1].at - rows[0].at < 86400;
  }

  color(name) {
    const probe = document.createElement("i");
    this.append(probe);
    probe.style.color = `var(${name})`;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }

  draw() {
    this.chart?.destroy();
    const bar = (name) => ({
      fill: this.color(name),
      width: 0,
      points: { show: false },
      paths: uPlot.paths.bars({ size: [0.72, 26], radius: [0.18, 0] }),
    });
    const axis = { stroke: this.color("--color-base-content"), font: "11px Inter", ticks: { show: false } };
    const grid = { stroke: this.color("--color-base-300"), width: 1 };
    this.chart = new uPlot(
      {
        width: this.plot.clientWidth,
        height: this.plot.clientHeight,
        padding: [10, 6, 0, 0],
        cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
        scales: { x: { range: (_, low, high) => [low - this.half, high + this.half] }, y: { range: (_, low, high) => [0, Math.max(high * 1.08, 4)] } },
        axes: [
          { ...axis, size: 30, grid: { show: false }, values: (_, all) => all.map((at) => this.day(at)) },
          { ...axis, grid, size: 46, values: (_, all) => all.map(short) },
        ],
        series: [{}, bar("--color-chart-good"), bar("--color-chart-warn"), bar("--color-chart-bad")],
        hooks: { setCursor: [(chart) => this.point(chart.cursor.idx)] },
      },
      this.data,
      this.plot,
    );
  }

  day(at) {
    const parts = this.hourly ? { hour: "2-digit", minute: "2-digit" } : { month: "short", day: "numeric" };
    return new Date(at * 1000).toLocaleString("en", { ...parts, hour12: false, timeZone: "UTC" });
  }

  point(index) {
    const out = this.querySelector("output");
    if (!out) return;
    if (index === null || index === undefined) {
      out.textContent = "";
      return;
    }
    const [at, all, two, bad] = this.data.map((column) => column[index]);
    out.textContent = `${this.day(at)}: ${all - two} / ${two - bad} / ${bad}`;
  }

  fit() {
    this.chart?.setSize({ width: this.plot.clientWidth, height: this.plot.clientHeight });
  }
}

function short(value) {
  if (value >= 1e6) return `${Number((value / 1e6).toFixed(1))}M`;
  if (value >= 1e3) return `${Number((value / 1e3).toFixed(1))}k`;
  return Number.isInteger(value) ? value : "";
}

customElements.define("usage-chart", UsageChart);
