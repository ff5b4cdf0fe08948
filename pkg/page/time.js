// What happened when: charts above each other on one axis of time, with one
// cursor and one zoom.
"use strict";

// stage is what the charts over time share.
const stage = { charts: [], full: [0, 1], range: [0, 1], shades: [], marks: [], busy: false };

function zoom(min, max) {
  const [low, high] = stage.full;
  const span = Math.min(Math.max(max - min, 1e-5), high - low);
  min = Math.min(Math.max(min, low), high - span);
  stage.range = [min, min + span];
  stage.busy = true;
  for (const u of stage.charts) u.setScale("x", { min, max: min + span });
  // Scales are set when the browser comes to it.
  queueMicrotask(() => { stage.busy = false; });
  stage.changed?.();
}

const increments = [1e-6, 1e-5, 1e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];

// overTime draws a chart on the common axis. c: {title, about, unit, height, data,
// series, log, draw, range}
function overTime(host, c) {
  const f = frame(host, c.title, c.about);
  const u = plot(f, {
    height: c.height ?? 130,
    series: [{}, ...c.series],
    scales: { x: { time: false, range: (u, a, b) => (u.status && known(a) && known(b) ? [a, b] : stage.range) },
      y: c.log ? { distr: 3, log: 10 } : { range: c.range ?? ((u, a, b) => roomy(a, b)) } },
    axes: [axis((v) => clock(v, stage.step), { size: 26, space: 70, incrs: increments,
      values: (u, splits, i, space, step) => splits.map((v) => clock(v, step)) }), axis((v, like) => c.show(v, like), c.log ? { filter: decades } : {})],
    cursor: { sync: { key: "time", scales: ["x", null], filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
      y: false, drag: { x: true, y: false, dist: 4 }, points: { size: 6 }, dataIdx: c.draw ? undefined : nearest,
      bind: { dblclick: () => () => { zoom(...stage.full); return null; } } },
    hooks: {
      drawClear: [(u) => shade(u, c)],
      draw: [(u) => { c.draw?.(u); pins(u); }],
      setScale: [(u, name) => { if (name === "x" && !stage.busy && u.status) zoom(u.scales.x.min, u.scales.x.max); }],
    },
  }, c.data);
  if (!c.quiet) key(f, u, (v) => c.show(v));
  u.hooks.setCursor = [() => told(f, u), ...(c.cursor ? [() => c.cursor(u, f)] : [])];
  f.figure.addEventListener("keydown", (e) => steer(e, u));
  stage.charts.push(u);
  return [u, f];
}

// roomy begins at 0 unless all that is shown lies far from it.
function roomy(a, b) {
  if (!known(a) || !known(b)) return [0, 1];
  if (a >= 0 && a < 0.6 * b || a === b) a = Math.min(0, a);
  else a -= (b - a) * 0.15;
  if (b <= a) b = a + 1;
  return [a, b + (b - a) * 0.08];
}

const decades = (u, splits) => splits.map((v) => (v && Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-6 ? v : null));

// shade draws what lies behind the lines: phases other than the measured one,
// and when clocks were held down.
function shade(u, c) {
  const { ctx, bbox } = u;
  ctx.save();
  for (const s of stage.shades) {
    if (s.throttle && !c.throttle) continue;
    const a = Math.max(u.valToPos(s.from, "x", true), bbox.left), b = Math.min(u.valToPos(s.to, "x", true), bbox.left + bbox.width);
    if (!(b > a)) continue;
    const narrow = b - a < 3 * uPlot.pxRatio;
    ctx.fillStyle = faint(theme[s.throttle ? "--warn" : "--muted"], narrow ? 0.4 : s.throttle ? 0.16 : 0.13);
    ctx.fillRect(a, bbox.top, narrow ? 3 * uPlot.pxRatio : b - a, bbox.height);
  }
  ctx.restore();
}

// pins draws marks: a line through the chart with a head on it.
function pins(u) {
  const { ctx, bbox } = u, ratio = uPlot.pxRatio;
  ctx.save();
  for (const m of stage.marks) {
    if (m.at < u.scales.x.min || m.at > u.scales.x.max) continue;
    const x = u.valToPos(m.at, "x", true);
    ctx.strokeStyle = ctx.fillStyle = theme[m.kind === "regime" ? "--c3" : m.kind === "xid" ? "--bad" : "--warn"];
    ctx.lineWidth = ratio;
    ctx.setLineDash(m.kind === "regime" ? [] : [2 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x - 4 * ratio, bbox.top - 6 * ratio);
    ctx.lineTo(x + 4 * ratio, bbox.top - 6 * ratio);
    ctx.lineTo(x, bbox.top);
    ctx.fill();
  }
  ctx.restore();
}

// told writes the instant of the cursor, and the mark that it is at.
function told(f, u) {
  f.where ??= f.legend.appendChild(element("output", { class: "where" }));
  if (u.cursor.left < 0) { f.where.textContent = ""; return; }
  const x = u.posToVal(u.cursor.left, "x"), reach = u.posToVal(u.cursor.left + 5, "x") - x;
  const mark = stage.marks.find((m) => Math.abs(m.at - x) <= reach);
  f.where.textContent = clock(x, (stage.range[1] - stage.range[0]) / 1000) + (mark ? " · " + mark.text : "");
}

// steer lets the keyboard do what the mouse does.
function steer(e, u) {
  const [min, max] = stage.range, span = max - min;
  const x = u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : (min + max) / 2;
  const move = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
  if (move && e.shiftKey) zoom(min + move * span / 5, max + move * span / 5);
  else if (move) {
    const to = Math.min(Math.max(x + move * span / 100, min), max);
    for (const c of stage.charts) c.setCursor({ left: c.valToPos(to, "x"), top: 5 });
  } else if (e.key === "+" || e.key === "=") zoom(x - (x - min) / 2, x + (max - x) / 2);
  else if (e.key === "-") zoom(x - (x - min) * 2, x + (max - x) * 2);
  else if (e.key === "0" || e.key === "Escape") zoom(...stage.full);
  else return;
  e.preventDefault();
}

// timeline draws all charts of a run.
function timeline(host, run) {
  for (const u of stage.charts) forget(u);
  stage.charts = [];
  host.replaceChildren();
  stage.full = extent(run);
  stage.range = stage.full;
  stage.shades = run.phases.filter((p) => p.name !== "profiling").concat(throttled(run));
  // Failures are in the scatter; a warning from before or behind is not about an instant.
  stage.marks = run.marks.filter((m) => m.kind === "xid" || m.kind === "regime" || (m.kind === "note" && m.at >= 0 && m.at <= run.window));
  if (run.requests) latencies(host, run);
  if (run.load) loads(host, run);
  queues(host, run);
  gpus(host, run);
}

// extent is the time that there is something to show of.
function extent(run) {
  let low = Infinity, high = -Infinity;
  const add = (a, b) => { if (known(a) && known(b)) { low = Math.min(low, a); high = Math.max(high, b); } };
  if (run.requests) add(run.requests.start[0], 0);
  if (run.load) add(run.load.from, run.load.from + run.load.width * run.load.done.length);
  for (const list of [run.gauges, run.servers]) for (const g of list) for (const t of Object.values(g.tracks)) if (t.t.length) add(t.t[0], t.t.at(-1));
  if (!(low < high)) return [low === Infinity ? 0 : low, (low === Infinity ? 0 : low) + 1];
  const pad = (high - low) * 0.01;
  return [low - pad, high + pad];
}

// throttled joins the stretches of all GPUs.
function throttled(run) {
  const spans = run.gauges.flatMap((g) => g.throttled).sort((a, b) => a.from - b.from);
  const joined = [];
  for (const s of spans) {
    const last = joined.at(-1);
    if (last && s.from <= last.to) last.to = Math.max(last.to, s.to);
    else joined.push({ from: s.from, to: s.to, throttle: true });
  }
  return joined;
}

// quantities of requests that the scatter can show.
const quantities = [
  ["took", "Latency", time, (r) => r.took],
  ["ttft", "Time to first token", time, (r) => r.ttft],
  ["itl", "Inter token latency", time, interToken],
  ["energy", "Energy of a request", { shown: "J", factor: 1 }, (r) => r.energy],
];

function interToken(r) {
  return r.took.map((took, i) => (known(took) && known(r.ttft[i]) && r.out[i] > 1 && r.error[i] === null ? (took - r.ttft[i]) / (r.out[i] - 1) : null));
}

function latencies(host, run, chosen = "took", log = false, before) {
  const r = run.requests;
  const choice = quantities.filter(([, , , of]) => of(r).some(known));
  if (!choice.length) return;
  const [, title, unit, of] = choice.find(([name]) => name === chosen) ?? choice[0];
  const values = of(r);
  const hot = new Set(r.throttled);
  const which = r.start.map((_, i) => (r.error[i] !== null ? 2 : hot.has(i) ? 1 : 0));
  const names = [["succeeded", colour(0)], ["clocks held down meanwhile", colour(4)], ["failed", () => theme["--bad"], "cross"]];
  const column = (group) => values.map((v, i) => (which[i] === group ? v : null));
  let u;
  const styles = names.map(([, c, mark], i) => ({ colour: c, mark, hidden: () => !u.series[i + 1].show }));
  const about = "each request at its start" + (r.start.length < r.of ? `; ${count(r.start.length)} drawn of ${count(r.of)}, a uniform sample` : `; all ${count(r.of)} drawn`);
  let f;
  const lines = names.map(([label, c, mark], i) => ({ label, quiet: !which.includes(i), colour: c, mark, paths: () => null, points: { show: false } }));
  const tip = element("output", { class: "tip" });
  [u, f] = overTime(host, {
    title: title + " over time", about, height: 260, log, show: (v, like) => quantity(v, unit, like), quiet: true,
    data: [r.start, column(0), column(1), column(2)], series: lines,
    draw: (chart) => { u ??= chart; dots(chart, r.start, values, which, styles); },
    cursor: (u) => { tip.textContent = describe(r, hovered(u, r.start, values)); },
  });
  key(f, u, () => "");
  f.legend.append(tip);
  const again = (name, l) => {
    const at = f.figure.nextSibling, i = stage.charts.indexOf(u);
    forget(u);
    stage.charts.splice(i, 1);
    f.figure.remove();
    latencies(host, run, name, l, at);
  };
  const select = element("select", { "aria-label": "what to show", onchange: () => again(select.value, log) },
    choice.map(([name, label]) => element("option", { value: name, selected: name === chosen }, label)));
  const box = element("input", { type: "checkbox", checked: log, onchange: () => again(chosen, box.checked) });
  f.caption.append(element("span", { class: "tools" }, select, element("label", {}, box, " log")));
  if (before) host.insertBefore(f.figure, before);
}

function describe(r, i) {
  if (i < 0) return "";
  const parts = [clock(r.start[i], 0.001), quantity(r.took[i], time)];
  if (known(r.ttft[i])) parts.push("TTFT " + quantity(r.ttft[i], time));
  if (known(r.out[i])) parts.push(many(r.out[i], "token"));
  if (known(r.energy[i])) parts.push(quantity(r.energy[i], { shown: "J", factor: 1 }));
  if (r.error[i] !== null) parts.push(r.classes[r.error[i]]);
  return parts.join(" · ");
}

// coarse puts n bins into one.
function coarse(column, n, mean) {
  const to = [];
  column.forEach((v, i) => {
    if (i % n === 0) to.push(0);
    to[to.length - 1] += mean ? v / n : v;
  });
  return to;
}

const stretch = (s) => (s >= 1 ? digits(s, 3) + " s" : quantity(s, time, s, 3));

// loads draws what was in flight, tokens and requests.
function loads(host, run) {
  const l = run.load, bins = l.done.length;
  const fine = Math.max(1, Math.ceil(bins / 600));
  const ends = l.done.reduce((a, b) => a + b, 0) + l.failed.reduce((a, b) => a + b, 0);
  // Some eight requests a bin, so that their number is not mostly chance.
  const wide = Math.max(fine, Math.ceil(bins / Math.min(200, Math.max(20, ends / 8))));
  const at = (n, count) => Array.from({ length: count }, (_, i) => l.from + i * n * l.width);
  const stepped = uPlot.paths.stepped({ align: 1 });
  const range = (u, a, b) => [0, (b || 1) * 1.08]; // what is filled is filled from 0
  const line = (label, i, fill) => ({ label, colour: colour(i), stroke: colour(i), width: 1.5, fill: fill ? () => faint(theme[palette[i]], 0.15) : undefined, paths: stepped, points: { show: false } });
  const close = (xs, n, ...columns) => [[...xs, xs.at(-1) + n * l.width], ...columns.map((c) => [...c, c.at(-1)])];

  const active = coarse(l.active, fine, true);
  overTime(host, { title: "Requests in flight", about: "mean of each " + stretch(fine * l.width), show: (v) => digits(v), range,
    data: close(at(fine, active.length), fine, active), series: [line("in flight", 0, true)] });

  const seconds = wide * l.width;
  const tokens = coarse(l.tokens, wide).map((n) => n / seconds);
  if (tokens.some((n) => n > 0)) {
    overTime(host, { title: "Output tokens per second", about: "in bins of " + stretch(seconds) + "; a request's tokens are spread evenly from its first to its last", show: (v) => digits(v), range,
      data: close(at(wide, tokens.length), wide, tokens), series: [line("tokens/s", 2, true)] });
  }
  const done = coarse(l.done, wide).map((n) => n / seconds), failed = coarse(l.failed, wide).map((n) => n / seconds);
  const series = [line("succeeded/s", 0, true)], data = [done];
  if (failed.some((n) => n > 0)) {
    series.push({ ...line("failed/s", 1, true), colour: () => theme["--bad"], stroke: () => theme["--bad"], fill: () => faint(theme["--bad"], 0.25) });
    data.push(failed);
  }
  overTime(host, { title: "Requests per second", about: "at their ends, in bins of " + stretch(seconds), show: (v) => digits(v), range,
    data: close(at(wide, done.length), wide, ...data), series });
}

// tracks draws one quantity of several things.
function tracks(host, title, about, show, list, options = {}) {
  list = list.filter(([, t]) => t && t.t.length);
  if (!list.length) return;
  const data = list.length === 1 ? [list[0][1].t, list[0][1].x] : uPlot.join(list.map(([, t]) => gaps(t)));
  const thinned = list.some(([, t]) => t.of > t.t.length);
  const readings = list.reduce((n, [, t]) => n + t.of, 0);
  overTime(host, { title, about: [about, count(readings) + " readings" + (thinned ? ", lowest and highest of each stretch drawn" : "")].filter(Boolean).join("; "), show,
    data: list.length === 1 ? gaps(list[0][1]) : data,
    series: list.map(([label, , i], n) => ({ label, colour: colour(i ?? n), stroke: colour(i ?? n), dash: dash(i ?? n), width: 1.5, points: { show: list.every(([, t]) => t.t.length < 3) } })), ...options });
}

// gaps breaks a line where readings stopped for far longer than they use to.
function gaps(t) {
  const steps = t.t.slice(1).map((x, i) => x - t.t[i]).sort((a, b) => a - b);
  const most = Math.max(5 * (steps[Math.floor(steps.length / 2)] ?? 0), 3);
  const xs = [], ys = [];
  t.t.forEach((x, i) => {
    if (i && x - t.t[i - 1] > most) { xs.push((x + t.t[i - 1]) / 2); ys.push(null); }
    xs.push(x); ys.push(t.x[i]);
  });
  return [xs, ys];
}

function queues(host, run) {
  const several = run.servers.length > 1;
  const name = (s, what) => (several ? s.source.replace(/^https?:\/\//, "").replace(/\/metrics$/, "") + " " : "") + what;
  tracks(host, "Server: requests running and waiting", "by the server's own metrics", (v) => digits(v), run.servers.flatMap((s) => [[name(s, "running"), s.tracks.running], [name(s, "waiting"), s.tracks.waiting]]));
  tracks(host, "Server: KV cache in use", "by the server's own metrics", percent, run.servers.map((s) => [name(s, "KV cache"), s.tracks.kv]), { range: [0, 1.05] });
}

// gpus draws the gauges, one chart a quantity and one line a GPU.
function gpus(host, run) {
  if (!run.gauges.length) return;
  const names = ownNames(run.gauges.map((g) => g.name));
  const of = (field) => run.gauges.map((g, i) => [names[i], g.tracks[field], i]);
  const held = run.gauges.reduce((n, g) => n + g.spans, 0);
  const why = [...new Set(run.gauges.flatMap((g) => g.throttled.map((s) => s.name)))].join(", ");
  const shaded = held ? `shaded: some GPU's clocks were held down (${why})` : "";
  const hot = { throttle: held > 0 };
  const watts = (v) => digits(v) + " W";
  if (of("power_usage").some(([, t]) => t)) tracks(host, "GPU power", shaded, watts, of("power_usage"), { ...hot, height: 170 });
  else tracks(host, "GPU power", ["by the energy counter", shaded].filter(Boolean).join("; "), watts, of("energy_consumption"), { ...hot, height: 170 });
  tracks(host, "GPU utilization", "", percent, of("gpu_utilization"), { range: [0, 1.08] });
  tracks(host, "SM utilization", "", percent, of("sm_utilization"), { range: [0, 1.08] });
  tracks(host, "GPU memory in use", "", (v) => digits(v / 1e9) + " GB", of("memory_used"));
  tracks(host, "SM clock", shaded, (v) => digits(v / 1e6) + " MHz", of("sm_clock"), hot);
  tracks(host, "GPU temperature", "", (v) => digits(v) + " °C", of("temperature"));
}

// ownNames leaves out how all names begin.
function ownNames(names) {
  if (names.length < 2) return names;
  const words = names.map((n) => n.split(" "));
  let same = 0;
  while (words.every((w) => w.length > same + 2 && w[same] === words[0][same])) same++;
  return words.map((w) => w.slice(same).join(" "));
}
