// The page: what is on it, in the order in which a team asks.
"use strict";
{
  const begun = performance.now();
  const data = JSON.parse(document.getElementById("data").textContent);
  const page = document.getElementById("page");
  const [run, baseline] = data.runs;
  const metric = (r, tag) => r?.metrics.find((m) => m.tag === tag);

  readTheme();
  head();
  if (run) {
    cards();
    objectives();
    notes();
    changes();
    spread();
    overTheRun();
    energy();
    slow();
    failures();
    numbers();
    producers();
  }
  foot();
  retheme();
  document.documentElement.dataset.drawn = (performance.now() - begun).toFixed(1);

  function head() {
    const what = [];
    if (run) {
      if (run.window) what.push(new Date(run.zero).toISOString().replace("T", " ").replace(/\.\d+Z/, " UTC"), duration(run.window));
      const hosts = [...new Set(run.producers.map((p) => p.host).filter(Boolean))];
      if (hosts.length) what.push("from " + hosts.join(", "));
      if (run.devices.length) what.push(many(run.devices.length, "GPU"));
    }
    const links = element("nav", { "aria-label": "parts of the page" });
    page.append(element("header", {}, element("div", {}, element("h1", {}, data.title), element("p", { class: "about" }, what.join(" · "))),
      element("button", { type: "button", id: "theme", onclick: turn }, "Dark / light"), links));
    queueMicrotask(() => links.append(...[...page.querySelectorAll("section[id]")].map((s) => element("a", { href: "#" + s.id }, s.querySelector("h2").textContent))));
  }

  function duration(s) {
    return s < 60 ? digits(s) + " s" : Math.floor(s / 3600) ? `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min` : `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
  }

  // card is one headline number: a metric's statistic, or a value of its own.
  function card(host, label, tag, stat, more) {
    const m = metric(run, tag);
    const of = (x) => (stat === "avg" ? x?.avg : x?.p?.[stat]);
    if (!known(of(m))) return;
    const [number, unit] = shown(of(m), m.unit, of(m), 3);
    const c = element("div", { class: "card", "data-tag": tag, "data-stat": stat, "data-value": of(m) },
      element("h3", {}, label), element("p", { class: "number" }, number, " ", element("small", {}, unit + (stat === "avg" ? "" : " (p" + stat + ")"))), more ? element("p", {}, more(m)) : null);
    const b = of(metric(baseline, tag));
    if (b) c.append(element("p", {}, "baseline " + quantity(b, m.unit, b, 3) + ", ", element("span", { class: tone(data.changes, tag, stat) }, change(of(m) / b - 1))));
    host.append(c);
  }

  function tail(m) { return "p90 " + quantity(m.p["90"], m.unit, m.p["90"], 3) + " · p99 " + quantity(m.p["99"], m.unit, m.p["99"], 3); }

  function cards() {
    const host = element("div", { class: "cards" });
    const { OK, Failed, Warmup, InFlight } = run.counts;
    if (OK + Failed) {
      host.append(element("div", { class: "card", "data-tag": "requests", "data-value": OK }, element("h3", {}, "Requests"), element("p", { class: "number" }, count(OK), " ", element("small", {}, "succeeded")),
        element("p", {}, element("span", { class: Failed ? "bad" : "good" }, Failed ? `✘ ${count(Failed)} failed (${percent(Failed / (OK + Failed))})` : "✔ none failed"),
          Warmup ? ` · ${count(Warmup)} warm-up` : "", InFlight ? ` · ${count(InFlight)} in flight at the end` : "")));
    }
    card(host, "Time to first token", "time_to_first_token", "50", tail);
    card(host, "Latency", "request_latency", "50", tail);
    card(host, "Inter token latency", "inter_token_latency", "50", tail);
    card(host, "Output throughput", "output_token_throughput", "avg", () => { const m = metric(run, "output_token_throughput_per_user"); return m ? `p50 ${quantity(m.p["50"], m.unit)}` : ""; });
    card(host, "Request throughput", "request_throughput", "avg", () => "over " + duration(run.window));
    energyCards(host);
    if (!run.energy) gpuCards(host);
    section(page, "headline", "In short", host);
  }

  function energyCards(host) {
    if (!run.energy) return;
    const t = run.energy.total, joules = { shown: "J", factor: 1 };
    if (known(t.energy)) {
      const [number, unit] = shown(t.energy, joules, t.energy, 4);
      const c = element("div", { class: "card", "data-tag": "energy", "data-value": t.energy }, element("h3", {}, "Energy of " + many(t.gpus ?? run.energy.gpus.length, "GPU")),
        element("p", { class: "number" }, number, " ", element("small", {}, unit + (known(t.plus_minus) ? " ± " + quantity(t.plus_minus, joules) : ""))), element("p", {}, verdict(t)));
      const b = baseline?.energy?.total.energy;
      if (b) c.append(element("p", {}, "baseline " + quantity(b, joules) + ", ", element("span", { class: tone(data.changes, "total_gpu_energy", "avg") }, change(t.energy / b - 1))));
      host.append(c);
    }
    card(host, "Energy per output token", "energy_per_output_token", "avg", () => { const m = metric(run, "output_tokens_per_joule"); return m ? quantity(m.avg, m.unit) : ""; });
    card(host, "Energy of a request", "request_energy", "50", tail);
    card(host, "GPU power", "average_gpu_power", "avg", () => (known(t.idle) && t.energy ? percent(t.idle / t.energy) + " of the energy while idle" : ""));
  }

  // gpuCards are for readings without an energy record.
  function gpuCards(host) {
    const of = (header) => run.devices.flatMap((d) => d.fields.filter((f) => f.header === header));
    const add = (label, fields, value, more) => {
      if (!fields.length) return;
      const [number, unit] = shown(value, fields[0].unit);
      host.append(element("div", { class: "card" }, element("h3", {}, label), element("p", { class: "number" }, number, " ", element("small", {}, unit)), element("p", {}, more)));
    };
    const sum = (fields, get) => fields.reduce((n, f) => n + get(f), 0);
    const power = of("GPU Power Usage"), busy = of("GPU Utilization"), heat = of("GPU Temperature");
    const most = (fields) => Math.max(...fields.map((f) => f.max));
    add("GPU power, all together", power, sum(power, (f) => f.mean ?? f.avg), "mean over time of " + many(power.length, "GPU"));
    add("GPU utilization", busy, sum(busy, (f) => f.mean ?? f.avg) / busy.length, "mean over time and GPUs");
    add("Highest temperature", heat, most(heat), "of any GPU");
  }

  function notes() {
    const list = run.notes.map((n) => element("li", { class: n.level }, element("b", {}, n.level === "warning" ? "⚠ Warning " : "Note "), n.message));
    const unreachable = run.sources.filter((s) => !s.reachable).map((s) => element("li", { class: "warning" }, element("b", {}, "⚠ Warning "), `${s.url} could not be read: ${s.error ?? ""}`));
    const all = [...unreachable, ...list];
    if (!all.length) return;
    const few = 6;
    section(page, "notes", "What to know", element("ul", { class: "notes" }, all.slice(0, few)),
      all.length > few ? element("details", {}, element("summary", {}, `${all.length - few} more`), element("ul", { class: "notes" }, all.slice(few))) : null);
  }

  function objectives() {
    const list = run.verdicts;
    if (!list?.length) return;
    const missed = list.filter((v) => !v.met).length;
    const value = (v) => v.text ?? (known(v.value) ? quantity(v.value, v.unit) : "–");
    section(page, "objectives", "Objectives", element("p", { class: missed ? "bad" : "good" }, missed ? `✘ ${missed} of ${list.length} missed` : `✔ all ${list.length} met`),
      element("div", { class: "cards" }, list.map((v) => element("div", { class: "card objective", "data-met": v.met },
        element("h3", {}, v.name + (v.bound ? " " + v.bound : "")), element("p", { class: "number" }, value(v)),
        element("p", {}, element("span", { class: v.met ? "good" : "bad" }, v.met ? "✔ met" : v.why ? "✘ not measured" : "✘ missed"),
          known(v.margin) ? ", margin " + change(v.margin) : "", v.gpu && !v.why ? " on " + v.gpu : "", v.why ? ": " + v.why : "")))));
  }

  function changes() {
    if (!data.changes?.length) return;
    // Only what was found is coloured; the sign does without.
    const way = (c) => (c.verdict?.startsWith("better") ? ["good", "✔ "] : c.verdict?.startsWith("worse") ? ["bad", "✘ "] : ["", ""]);
    section(page, "changes", "Changes against the baseline", table([
      { head: "Metric", words: true, of: (c) => c.header },
      { head: "change", of: (c) => c.change, show: (c) => (known(c.change) ? element("span", { class: way(c)[0] }, change(c.change)) : "–") },
      { head: "interval (95 %)", of: (c) => c.low, show: (c) => (known(c.low) ? change(c.low) + " to " + change(c.high) : "–") },
      { head: "verdict", words: true, of: (c) => c.verdict, show: (c) => element("span", { class: way(c)[0] }, way(c)[1] + (c.verdict ?? "")) },
    ], data.changes));
  }

  function spread() {
    const host = element("div", { class: "pair" });
    const runs = data.runs.filter((r) => r.requests);
    if (!runs.length) return;
    section(page, "distributions", "Distributions", host);
    const good = (r, column) => column.filter((_, i) => r.requests.error[i] === null);
    const draw = (title, tag, unit, of) => distribution(host, title, unit, runs.map((r, i) => ({
      name: runs.length > 1 ? r.name || ["this run", "baseline"][i] : "", values: good(r, of(r.requests)),
      of: metric(r, tag)?.n, marks: marks(metric(r, tag)) })));
    const marks = (m) => (m?.p ? { p50: m.p["50"], p90: m.p["90"], p99: m.p["99"] } : {});
    const joules = { shown: "J", factor: 1 };
    draw("Time to first token", "time_to_first_token", time, (q) => q.ttft);
    draw("Latency", "request_latency", time, (q) => q.took);
    draw("Inter token latency", "inter_token_latency", time, interToken);
    draw("Energy of a request", "request_energy", joules, (q) => q.energy);
    if (!host.children.length) document.getElementById("distributions").remove();
  }

  function overTheRun() {
    const runs = data.runs.filter((r) => r.requests || r.gauges.length || r.servers.length);
    if (!runs.length) return;
    const host = element("div", { class: "stack" });
    const back = element("button", { type: "button", onclick: () => zoom(...stage.full), disabled: true }, "Whole run");
    stage.changed = () => { back.disabled = stage.range[0] <= stage.full[0] && stage.range[1] >= stage.full[1]; };
    const choose = runs.length > 1 ? element("select", { "aria-label": "run to draw", onchange: (e) => timeline(host, runs[e.target.value]) },
      runs.map((r, i) => element("option", { value: i }, r.name || ["this run", "baseline"][i]))) : null;
    section(page, "time", "Over time", element("p", { class: "hint" }, choose, back,
      " Drag to zoom, double-click for the whole run. On a focused chart: arrow keys move the cursor, with shift the view; + and − zoom, 0 goes back. Zero is the ",
      run.requests ? "start of the first measured request" : "first reading", run.phases.some((p) => p.name === "warmup") ? "; the warm-up is shaded grey." : "."), host);
    timeline(host, runs[0]);
    marked();
  }

  function marked() {
    const list = run.marks;
    if (!list.length) return;
    const say = run.marks_of > list.length ? `Errors and marks (${count(list.length)} of ${count(run.marks_of)})` : `Errors and marks (${count(list.length)})`;
    document.getElementById("time").append(element("details", {}, element("summary", {}, say), table([
      { head: "What", words: true, of: (m) => m.kind }, { head: "when", of: (m) => m.at, show: (m) => clock(m.at, 0.001) }, { head: "Text", words: true, of: (m) => m.text },
    ], list, { most: 50, act: (m) => go(m.at, m.at) })));
  }

  // go shows a stretch of time with something around it.
  function go(from, to) {
    const room = Math.max(to - from, (stage.full[1] - stage.full[0]) / 200);
    zoom(from - room, to + room);
    document.getElementById("time").scrollIntoView({ behavior: "smooth" });
  }

  function energy() {
    if (!run.energy) return;
    const s = section(page, "energy", "Energy");
    byTokens(s);
    s.append(energyTable(run.energy), element("p", { class: "hint" }, "The energy that a request is charged is its share by a convention (" +
      (run.energy.total.share ?? "equal") + "), not what it caused. ± bounds the error at the edges of the window."));
  }

  // byTokens draws each request's energy over its output tokens.
  function byTokens(host) {
    const r = run.requests;
    if (!r) return;
    const order = r.start.map((_, i) => i).filter((i) => r.error[i] === null && known(r.out[i]) && known(r.energy[i])).sort((a, b) => r.out[a] - r.out[b]);
    if (order.length < 2 || r.out[order[0]] === r.out[order.at(-1)]) return;
    const xs = order.map((i) => r.out[i]), ys = order.map((i) => r.energy[i]), which = new Uint8Array(order.length);
    const f = frame(host, "Energy of a request by its output tokens", many(order.length, "request"));
    const joules = { shown: "J", factor: 1 }, tip = element("output", { class: "tip" });
    const u = plot(f, { height: 240, series: [{}, { paths: () => null, points: { show: false } }],
      scales: { x: { time: false, range: (u, a, b) => (b - a > (xs.at(-1) - xs[0]) * 0.99 ? [0, b * 1.02] : [a, b]) }, y: { range: (u, a, b) => roomy(a, b) } },
      axes: [axis(count, { size: 28, space: 60 }), axis((v, like) => quantity(v, joules, like))], cursor: { y: false, drag: { x: true, y: false } },
      hooks: { draw: [(u) => dots(u, xs, ys, which, [{ colour: colour(2) }])],
        setCursor: [(u) => { const i = hovered(u, xs, ys); tip.textContent = i < 0 ? "" : "request at " + describe(r, order[i]); }] } }, [xs, ys]);
    f.legend.append(tip);
    return u;
  }

  function slow() {
    if (run.slow.length) section(page, "slow", "Slowest requests", element("p", { class: "hint" }, "Press a row to see its time in the charts. GPU values are means over the request."),
      slowTable(run, (s) => go(s.start, s.start + s.took)));
  }

  function failures() {
    if (!run.errors.length) return;
    section(page, "errors", "Errors", table([
      { head: "Class", words: true, of: (e) => e.class + (e.code ? " " + e.code : "") }, { head: "count", of: (e) => e.count, show: (e) => count(e.count) },
      { head: "Most frequent message", words: true, of: (e) => e.message + (e.kinds > 1 ? ` (one of ${count(e.kinds)})` : "") },
    ], run.errors));
  }

  function numbers() {
    if (run.metrics.length) section(page, "metrics", "All metrics", metricTable(run.metrics, baseline?.metrics, data.changes));
    if (!run.devices.length) return;
    section(page, "gpus", "GPUs", ...run.devices.map((d, i) => element("details", { open: run.devices.length === 1 && i === 0 }, element("summary", {}, `${d.name} (${many(d.readings, "reading")})`), deviceTable(d))));
  }

  function producers() {
    const all = data.runs.flatMap((r, i) => r.producers.map((p) => ({ ...p, side: data.runs.length > 1 ? r.name || ["this run", "baseline"][i] : "" })));
    if (!all.length) return;
    section(page, "runs", "Runs and configuration", ...all.map((p) => element("div", { class: "run" },
      element("h3", {}, [p.side, p.tool, p.version].filter(Boolean).join(" ")),
      element("p", { class: "about" }, [p.run, p.host, p.began, p.end ? "ended: " + p.end : "partial: it has no end", p.seed !== undefined ? "seed " + p.seed : ""].filter(Boolean).join(" · ")),
      p.command?.length ? element("pre", {}, p.command.map(quoted).join(" ")) : null,
      p.config && Object.keys(p.config).length ? element("details", {}, element("summary", {}, "Configuration"), element("pre", {}, JSON.stringify(p.config, null, 2))) : null)));
  }

  function quoted(arg) {
    return /^[\w@%+=:,.\/-]+$/.test(arg) ? arg : "'" + arg.replaceAll("'", "'\\''") + "'";
  }

  function foot() {
    page.append(element("footer", {}, "Made by aiperf-report. This file loads nothing from anywhere. Charts: uPlot 1.6.32. ",
      element("details", {}, element("summary", {}, "uPlot's licence"), element("pre", {}, document.getElementById("license").textContent))));
  }

  // turn changes from dark to light and back.
  function turn() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("aiperf-theme", root.dataset.theme); } catch { /* then it is forgotten */ }
    retheme();
  }

  function retheme() {
    readTheme();
    for (const u of drawn) { u.redraw(false, true); u.swatches?.(); }
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", retheme);

  // On paper everything is light, and charts are of a width to which browsers
  // shrink a page.
  let before;
  addEventListener("beforeprint", () => {
    before = document.documentElement.dataset.theme ?? "";
    document.documentElement.dataset.theme = "light";
    retheme();
    for (const u of drawn) u.fit(u.root.closest(".pair") ? 445 : 920);
  });
  addEventListener("afterprint", () => {
    if (before) document.documentElement.dataset.theme = before; else delete document.documentElement.dataset.theme;
    retheme();
    for (const u of drawn) u.fit();
  });
}
