// Charts: what all of them have in common, distributions, and scatters.
"use strict";

// theme holds the colours in use; a chart asks for them whenever it is drawn.
const theme = {};
const palette = ["--c0", "--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7"];

function readTheme() {
  const probe = element("i");
  document.body.append(probe);
  for (const name of ["--ink", "--muted", "--grid", "--card", "--good", "--warn", "--bad", ...palette]) {
    probe.style.color = `var(${name})`;
    theme[name] = getComputedStyle(probe).color; // as rgb(…)
  }
  probe.remove();
}

// A colour beyond the palette comes with dashes.
const colour = (i) => () => theme[palette[i % palette.length]];
const dash = (i) => [[], [6, 3], [2, 3], [8, 3, 2, 3]][Math.floor(i / palette.length) % 4];

const drawn = new Set(); // all charts that are on the page

// frame makes the figure that a chart stands in.
function frame(host, title, about) {
  const caption = element("figcaption", {}, element("h3", {}, title), element("span", { class: "about" }, about ?? ""));
  const legend = element("div", { class: "legend" });
  const plot = element("div", { class: "plot" });
  const figure = element("figure", { tabindex: "0", role: "group", "aria-label": title + ". " + (about ?? "") }, caption, legend, plot);
  host.append(figure);
  return { figure, caption, legend, plot };
}

// axis is a left or right axis of a fixed size, so that charts above each other
// have their plots in line.
function axis(values, options = {}) {
  return {
    stroke: () => theme["--muted"], font: "11px system-ui, sans-serif", size: 66, gap: 4,
    grid: { stroke: () => theme["--grid"], width: 1 }, ticks: { stroke: () => theme["--grid"], width: 1, size: 4 },
    values: (u, splits) => {
      const like = Math.max(...splits.map((v) => Math.abs(v ?? 0)));
      return splits.map((v) => (v === null ? null : values(v, like)));
    }, ...options,
  };
}

// plot puts a chart into a frame and keeps it as wide as that is.
function plot(f, options, data) {
  const width = () => Math.max(280, f.plot.clientWidth);
  const u = new uPlot({ width: width(), height: 160, legend: { show: false }, padding: [8, 12, 0, 0], pxAlign: false, ...options }, data, f.plot);
  u.fit = (w = width()) => { if (u.width !== w) u.setSize({ width: w, height: u.height }); };
  u.watch = new ResizeObserver(() => { if (!matchMedia("print").matches) u.fit(); });
  u.watch.observe(f.plot);
  drawn.add(u);
  return u;
}

function forget(u) {
  u.watch.disconnect();
  u.destroy();
  drawn.delete(u);
}

// key makes a chart's legend: for every series a button that hides it, with the
// value at the cursor.
function key(f, u, show) {
  const values = [];
  u.series.forEach((s, i) => {
    if (i === 0 || s.quiet) return;
    const swatch = element("i", { class: "swatch " + (s.mark ?? "") });
    swatch.colour = s.colour;
    const value = element("output");
    const button = element("button", { type: "button", "aria-pressed": "true", title: "show or hide", onclick: () => {
      u.setSeries(i, { show: !u.series[i].show });
      button.setAttribute("aria-pressed", String(u.series[i].show));
    } }, swatch, s.label, value);
    f.legend.append(button);
    values.push([i, value]);
  });
  u.swatches = () => f.legend.querySelectorAll(".swatch").forEach((e) => { e.style.color = e.colour(); });
  u.swatches();
  u.hooks.setLegend = [() => {
    for (const [i, value] of values) {
      const at = u.legend.idxs?.[i];
      const v = at === null || at === undefined || u.cursor.left < 0 ? null : u.data[i][at];
      value.textContent = known(v) ? show(v, i) : "";
    }
  }];
}

// nearest looks for a value beside the cursor: series have theirs at different
// instants.
function nearest(u, series, at) {
  const x = u.data[0], y = u.data[series];
  if (series === 0 || known(y[at])) return at;
  let a = at, b = at;
  while (a > 0 && !known(y[a])) a--;
  while (b < y.length - 1 && !known(y[b])) b++;
  if (!known(y[a])) return known(y[b]) ? b : at;
  return known(y[b]) && x[b] - x[at] < x[at] - x[a] ? b : a;
}

// ecdf and histogram of sorted values, at the points of a grid.
function shape(sorted, grid, bins) {
  const n = sorted.length, share = new Array(grid.length), below = new Array(grid.length);
  const low = grid[0], width = (grid.at(-1) - low) / bins || 1;
  const counts = new Array(bins + 1).fill(0);
  for (const v of sorted) if (v >= low && v <= grid.at(-1)) counts[Math.min(bins - 1, Math.floor((v - low) / width))]++;
  let i = 0;
  grid.forEach((x, j) => {
    while (i < n && sorted[i] <= x) i++;
    below[j] = i / n;
    share[j] = counts[Math.min(bins - 1, Math.floor((x - low) / width + 1e-9))] / n;
  });
  return [share, below];
}

// binsFor is the number of bins by Freedman and Diaconis.
function binsFor(sorted, range) {
  const n = sorted.length;
  const iqr = sorted[Math.floor(0.75 * (n - 1))] - sorted[Math.floor(0.25 * (n - 1))];
  const bins = iqr > 0 ? range / (2 * iqr * n ** (-1 / 3)) : 20;
  return [10, 12, 15, 20, 24, 30, 40, 60].findLast((b) => b <= Math.max(bins, 10));
}

// distribution draws the histogram and the cumulative share of one quantity of
// one or two runs. sets: [{name, values, of, marks: {p50: …}}]
function distribution(host, title, unit, sets) {
  for (const s of sets) s.values = Float64Array.from(s.values.filter(known)).sort();
  sets = sets.filter((s) => s.values.length > 0);
  if (!sets.length) return;
  const at = (v, q) => v[Math.min(v.length - 1, Math.ceil(q * v.length))];
  // Far from the middle are few values, which would leave little room for the rest.
  const lowest = (v) => Math.max(v[0], at(v, 0.5) - 6 * (at(v, 0.5) - at(v, 0.1)));
  const highest = (v) => Math.min(v.at(-1), Math.max(at(v, 0.5) + 6 * (at(v, 0.9) - at(v, 0.5)), at(v, 0.99) + 0.1 * (at(v, 0.99) - lowest(v))));
  let low = Math.min(...sets.map((s) => lowest(s.values))), high = Math.max(...sets.map((s) => highest(s.values)));
  if (low > 0 && low < high / 3) low = 0;
  if (high - low <= 1e-6 * Math.abs(high)) { low -= Math.abs(low) / 10 || 1; high += Math.abs(high) / 10 || 1; }
  const beyond = sets.reduce((n, s) => n + search(s.values, low) + s.values.length - s.values.findLastIndex((v) => v <= high) - 1, 0);
  const points = 240;
  const grid = Array.from({ length: points + 1 }, (_, i) => low + ((high - low) * i) / points);
  const bins = Math.min(...sets.map((s) => binsFor(s.values, high - low)));
  const columns = [grid], series = [{}];
  sets.forEach((s, i) => {
    const [share, below] = shape(s.values, grid, bins);
    columns.push(share, below);
    const name = s.name ? s.name + ", " : "";
    series.push(
      { label: name + "share of requests", mark: "area", colour: colour(i), stroke: colour(i), width: 1, fill: () => faint(theme[palette[i]], 0.22), paths: uPlot.paths.stepped({ align: 1 }), points: { show: false }, scale: "share" },
      { label: name + "share up to here", mark: "line", colour: colour(i), stroke: colour(i), width: 2, dash: i ? [6, 3] : [], points: { show: false }, scale: "below" });
  });
  const about = sets.map((s) => many(s.of ?? s.values.length, "value") + (s.values.length < s.of ? `, drawn from ${count(s.values.length)} of them` : "")).join("; ") +
    (beyond ? `; ${count(beyond)} farther out not drawn` : "");
  const f = frame(host, title, about);
  const u = plot(f, {
    height: 200, series,
    scales: { x: { time: false, range: (u, a, b) => [a, b] }, share: { range: (u, a, b) => [0, (b || 1) * 1.08] }, below: { range: [0, 1.08] } },
    axes: [axis((v, like) => quantity(v, unit, like), { size: 28, space: 70 }), axis(percent, { scale: "share", size: 52 }), axis(percent, { scale: "below", side: 1, grid: { show: false }, size: 52, splits: [0, 0.25, 0.5, 0.75, 1] })],
    cursor: { y: false, drag: { x: true, y: false } },
    hooks: { draw: [(u) => percentiles(u, sets)] },
  }, columns);
  key(f, u, (v) => percent(v));
  const where = element("output");
  f.legend.prepend(where);
  u.hooks.setCursor = [() => { where.textContent = u.cursor.left >= 0 ? quantity(u.posToVal(u.cursor.left, "x"), unit) : ""; }];
}

// faint is a colour that lets others through.
const faint = (rgb, alpha) => rgb.replace(/^rgba?\(([^,)]+,[^,)]+,[^,)]+).*\)$/, `rgba($1, ${alpha})`);

// percentiles marks those that a set has, each label on a line of its own where
// it would hide another.
function percentiles(u, sets) {
  const { ctx, bbox } = u, ratio = uPlot.pxRatio;
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  const ends = [];
  sets.forEach((s, i) => {
    for (const [name, x] of Object.entries(s.marks)) {
      if (!known(x) || x < u.scales.x.min || x > u.scales.x.max) continue;
      const at = u.valToPos(x, "x", true), width = ctx.measureText(name).width + 8 * ratio;
      const left = at + width > bbox.left + bbox.width ? at - width - 2 * ratio : at;
      let row = 0;
      while (ends.some((e) => e.row === row && left < e.right && left + width > e.left)) row++;
      ends.push({ row, left, right: left + width });
      ctx.strokeStyle = theme[palette[i]];
      ctx.setLineDash([3 * ratio, 3 * ratio]);
      ctx.lineWidth = ratio;
      ctx.beginPath();
      ctx.moveTo(at, bbox.top + (row * 12) * ratio);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.strokeStyle = theme["--card"];
      ctx.lineWidth = 4 * ratio;
      ctx.lineJoin = "round";
      ctx.strokeText(name, left + 3 * ratio, bbox.top + (9 + row * 12) * ratio);
      ctx.fillStyle = theme[sets.length > 1 ? palette[i] : "--ink"];
      ctx.fillText(name, left + 3 * ratio, bbox.top + (9 + row * 12) * ratio);
    }
  });
  ctx.restore();
}

// dots draws points (xs in ascending order); which tells the group of each, of
// which styles has colour and mark. Many are small, and the denser the darker.
function dots(u, xs, ys, which, styles) {
  const { ctx, bbox } = u, ratio = uPlot.pxRatio, { min, max } = u.scales.x;
  const from = search(xs, min), to = search(xs, max + 1e-9), n = to - from;
  const x = (v) => (bbox.width * (v - min)) / (max - min);
  const y = u.scales.y, log = y.distr === 3;
  const height = log ? (v) => bbox.height * (1 - Math.log(v / y.min) / Math.log(y.max / y.min)) : (v) => bbox.height * (1 - (v - y.min) / (y.max - y.min));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height + 5 * ratio);
  ctx.clip();
  ctx.translate(bbox.left, bbox.top);
  styles.forEach((style, group) => {
    if (style.hidden?.()) return;
    const each = (draw) => {
      for (let i = from; i < to; i++) if (which[i] === group && known(ys[i]) && !(log && ys[i] <= 0)) draw(x(xs[i]), height(ys[i]));
    };
    ctx.fillStyle = ctx.strokeStyle = style.colour();
    ctx.lineWidth = 1.5 * ratio;
    if (n > 2000 && !style.mark) return cloud(ctx, bbox, Math.ceil((n > 20000 ? 1.5 : 2.5) * ratio), group ? 0.9 : n > 20000 ? 0.35 : 0.55, style.colour(), each);
    ctx.globalAlpha = style.mark ? 0.9 : 0.75;
    ctx.beginPath();
    const r = (style.mark ? (n > 20000 ? 2 : 3) : n > 500 ? 1.8 : 2.5) * ratio;
    if (style.mark) each((px, py) => { ctx.moveTo(px - r, py - r); ctx.lineTo(px + r, py + r); ctx.moveTo(px - r, py + r); ctx.lineTo(px + r, py - r); });
    else each((px, py) => { ctx.moveTo(px + r, py); ctx.arc(px, py, r, 0, 2 * Math.PI); });
    style.mark ? ctx.stroke() : ctx.fill();
  });
  ctx.restore();
}

// cloud counts the points on every pixel and draws them as one picture, which
// takes the browser far less than to draw each.
function cloud(ctx, bbox, size, alpha, rgb, each) {
  const w = Math.round(bbox.width), h = Math.round(bbox.height);
  const hits = new Uint16Array(w * h), picture = new ImageData(w, h);
  each((px, py) => {
    const left = Math.max(0, Math.round(px - size / 2)), top = Math.max(0, Math.round(py - size / 2));
    for (let j = top; j < Math.min(h, top + size); j++) for (let i = left; i < Math.min(w, left + size); i++) hits[j * w + i]++;
  });
  const [red, green, blue] = rgb.match(/[\d.]+/g).map(Number);
  const shades = Array.from({ length: 32 }, (_, n) => 255 * (1 - (1 - alpha) ** n));
  for (let i = 0, o = 0; i < hits.length; i++, o += 4) {
    if (!hits[i]) continue;
    picture.data[o] = red; picture.data[o + 1] = green; picture.data[o + 2] = blue;
    picture.data[o + 3] = shades[Math.min(hits[i], 31)];
  }
  const canvas = new OffscreenCanvas(w, h);
  canvas.getContext("2d").putImageData(picture, 0, 0);
  ctx.drawImage(canvas, 0, 0);
}

// search is the index of the first value that is not below x.
function search(xs, x) {
  let a = 0, b = xs.length;
  while (a < b) {
    const m = (a + b) >> 1;
    if (xs[m] < x) a = m + 1; else b = m;
  }
  return a;
}

// hovered is the point nearest to the cursor, or −1 if none is near.
function hovered(u, xs, ys) {
  const { left, top } = u.cursor;
  if (left < 0) return -1;
  const reach = 12;
  const from = search(xs, u.posToVal(left - reach, "x")), to = search(xs, u.posToVal(left + reach, "x"));
  let best = -1, least = reach * reach;
  for (let i = from; i < Math.min(to, from + 20000); i++) {
    if (!known(ys[i])) continue;
    const d = (u.valToPos(xs[i], "x") - left) ** 2 + (u.valToPos(ys[i], "y") - top) ** 2;
    if (d < least) { least = d; best = i; }
  }
  return best;
}
