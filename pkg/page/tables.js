// Tables, which sort when a head is pressed.
"use strict";

// table has columns {head, of, show, words}: of gives the value to sort by, show
// the text; words is for those that are not numbers. act is what a row does.
function table(columns, rows, { act, most = rows.length, sort } = {}) {
  const body = element("tbody"), heads = [];
  let order = sort ?? null, all = false;
  const more = element("button", { type: "button", class: "more", onclick: () => { all = !all; fill(); } });
  const compare = (a, b) => {
    const missing = (v) => v === undefined || v === null || v === "";
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    return (a < b ? -1 : a > b ? 1 : 0) * order.way;
  };
  function fill() {
    const list = order ? [...rows].sort((a, b) => compare(columns[order.by].of(a), columns[order.by].of(b))) : rows;
    body.replaceChildren(...list.slice(0, all ? list.length : most).map((row) => line(row)));
    heads.forEach((th, i) => th.setAttribute("aria-sort", order?.by === i ? (order.way > 0 ? "ascending" : "descending") : "none"));
    more.hidden = rows.length <= most;
    more.textContent = all ? "Show the first " + most : `Show all ${count(rows.length)}`;
  }
  function line(row) {
    const tr = element("tr", act ? { tabindex: "0", class: "act", onclick: () => act(row), onkeydown: (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); act(row); } } } : {});
    for (const c of columns) {
      const content = (c.show ?? c.of)(row);
      tr.append(element(c.head === columns[0].head && c.words ? "th" : "td", { class: c.words ? "words" : "number", scope: c.head === columns[0].head && c.words ? "row" : null }, content ?? "–"));
    }
    return tr;
  }
  columns.forEach((c, i) => heads.push(element("th", { scope: "col", class: c.words ? "words" : "number" }, element("button", { type: "button", onclick: () => {
    order = { by: i, way: order?.by === i ? -order.way : c.words ? 1 : -1 };
    fill();
  } }, c.head))));
  fill();
  return element("div", { class: "scroll" }, element("table", {}, element("thead", {}, element("tr", {}, heads)), body), more);
}

// section is a part of the page with a head of its own; nothing without content.
function section(host, id, title, ...content) {
  const s = element("section", { id, "aria-labelledby": id + "-head" }, element("h2", { id: id + "-head" }, title), ...content);
  host.append(s);
  return s;
}

// tone is the class of a change of one statistic of a metric. Only what the
// comparison found is coloured; without one, nothing is.
function tone(changes, tag, stat) {
  const name = stat === "avg" ? ["avg", undefined] : ["p" + stat];
  const verdict = changes?.find((c) => c.tag === tag && name.includes(c.stat))?.verdict ?? "";
  return verdict.startsWith("better") ? "good" : verdict.startsWith("worse") ? "bad" : "";
}

// metricTable has every metric of the run, beside those of a baseline.
function metricTable(metrics, baseline, changes) {
  const value = (of) => ({ of: (m) => (known(of(m)) ? of(m) * m.unit.factor : null), show: (m) => (known(of(m)) ? shown(of(m), m.unit, m.avg)[0] : "–") });
  const columns = [
    { head: "Metric", words: true, of: (m) => m.header },
    { head: "Unit", words: true, of: (m) => shown(m.avg ?? 0, m.unit)[1] },
    { head: "avg", ...value((m) => m.avg) },
  ];
  if (baseline) {
    const before = new Map(baseline.map((m) => [m.tag, m]));
    const ratio = (m) => { const b = before.get(m.tag)?.avg; return b ? (m.avg - b) / b : null; };
    columns.push({ head: "baseline", ...value((m) => before.get(m.tag)?.avg) },
      { head: "change", of: ratio, show: (m) => (known(ratio(m)) ? element("span", { class: tone(changes, m.tag, "avg") }, change(ratio(m))) : "–") });
  }
  for (const p of ["50", "90", "95", "99"]) columns.push({ head: "p" + p, ...value((m) => m.p?.[p]) });
  columns.push({ head: "min", ...value((m) => m.min) }, { head: "max", ...value((m) => m.max) }, { head: "std", ...value((m) => m.std) },
    { head: "n", of: (m) => (m.p ? m.n : null), show: (m) => (m.p ? count(m.n) : "–") });
  return table(columns, metrics);
}

// deviceTable is what one GPU's readings say.
function deviceTable(d) {
  const value = (of) => ({ of: (f) => (known(of(f)) ? of(f) * f.unit.factor : null), show: (f) => (known(of(f)) ? shown(of(f), f.unit, f.max ?? f.avg)[0] : "–") });
  return table([
    { head: "Quantity", words: true, of: (f) => f.header + (f.counter ? ", increase" : "") },
    { head: "Unit", words: true, of: (f) => shown(f.max ?? f.avg ?? 0, f.unit)[1] },
    { head: "avg", ...value((f) => f.avg) },
    { head: "avg over time", ...value((f) => f.mean) },
    { head: "p50", ...value((f) => f.p?.["50"]) }, { head: "p99", ...value((f) => f.p?.["99"]) },
    { head: "min", ...value((f) => f.min) }, { head: "max", ...value((f) => f.max) },
  ], d.fields.filter((f) => !f.quiet));
}

// slowTable lists the slowest requests with what the GPUs did meanwhile.
function slowTable(run, go) {
  const gpu = (of) => (s) => (s.gpu ? of(s.gpu) : undefined);
  const joules = { shown: "J", factor: 1 }, any = (of) => run.slow.some((s) => of(s) !== undefined && of(s) !== null);
  const columns = [
    { head: "Request", words: true, of: (s) => s.id },
    { head: "started", of: (s) => s.start, show: (s) => clock(s.start, 0.01) },
    { head: "latency", of: (s) => s.took, show: (s) => quantity(s.took, time) },
    { head: "TTFT", of: (s) => s.ttft, show: (s) => quantity(s.ttft, time) },
    { head: "tokens in", of: (s) => s.in }, { head: "tokens out", of: (s) => s.out },
    { head: "per token", of: (s) => (s.out > 1 && known(s.ttft) ? (s.took - s.ttft) / (s.out - 1) : null), show: (s) => (s.out > 1 && known(s.ttft) ? quantity((s.took - s.ttft) / (s.out - 1), time) : "–") },
    { head: "energy", of: gpu((g) => g.energy), show: gpu((g) => quantity(g.energy, joules)) },
    { head: "GPU power", of: gpu((g) => g.power), show: gpu((g) => (known(g.power) ? digits(g.power) + " W" : "–")) },
    { head: "utilization", of: gpu((g) => g.utilization), show: gpu((g) => (known(g.utilization) ? percent(g.utilization) : "–")) },
    { head: "SM util.", of: gpu((g) => g.sm_utilization), show: gpu((g) => (known(g.sm_utilization) ? percent(g.sm_utilization) : "–")) },
    { head: "SM clock", of: gpu((g) => g.sm_clock), show: gpu((g) => (known(g.sm_clock) ? digits(g.sm_clock / 1e6) + " MHz" : "–")) },
    { head: "temp.", of: gpu((g) => g.temperature), show: gpu((g) => (known(g.temperature) ? digits(g.temperature) + " °C" : "–")) },
    { head: "GPU events", words: true, of: gpu((g) => [g.throttled && "clocks held down", g.xid?.length && "XID " + g.xid.join(", ")].filter(Boolean).join("; ") || null) },
  ].filter((c) => any(c.of));
  const by = columns.findIndex((c) => c.head === "latency");
  return table(columns, run.slow, { most: 15, sort: { by, way: -1 }, act: go });
}

function energyTable(e) {
  const joules = { shown: "J", factor: 1 };
  const rows = e.gpus.length > 1 ? [...e.gpus, { ...e.total, all: true }] : [{ ...e.total, all: true }];
  const value = (head, of) => ({ head, of, show: (x) => quantity(of(x), joules) });
  return table([
    { head: "GPU", words: true, of: (x) => (x.all ? (e.gpus.length > 1 ? "all" : gpuName(e.gpus[0] ?? x)) : gpuName(x)) },
    value("energy", (x) => x.energy), value("±", (x) => x.plus_minus), value("by counter", (x) => x.counter), value("by power over time", (x) => x.integral),
    value("requests", (x) => x.requests), value("other requests", (x) => x.others), value("idle", (x) => x.idle),
    { head: "refresh", of: (x) => x.refresh, show: (x) => quantity(x.refresh, time) },
    { head: "readings", of: (x) => x.readings, show: (x) => count(x.readings) },
    { head: "verdict", words: true, of: (x) => x.verdict, show: (x) => verdict(x) },
  ].filter((c) => rows.some((r) => c.of(r) !== undefined)), rows);
}

const gpuName = (x) => [x.host, "GPU" + (x.gpu === undefined ? " " + (x.uuid ?? "") : " " + x.gpu), x.mig && "instance " + x.mig].filter(Boolean).join(" ");

// verdict is a word with a sign, so that it does not need its colour.
const verdict = (e) => element("span", { class: e.verdict === "valid" ? "good" : "bad" }, (e.verdict === "valid" ? "✔ " : "✘ ") + e.verdict + (e.reasons?.length ? ": " + e.reasons.join(", ") : ""));
