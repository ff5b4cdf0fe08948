// Elements and numbers.
"use strict";

// element makes <name class="…">; children are nodes, or texts that stay text.
function element(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? "" : value);
  }
  e.append(...children.flat().filter((c) => c !== undefined && c !== null && c !== false));
  return e;
}

const known = (x) => typeof x === "number" && isFinite(x);

// digits has four significant ones, or as many as it is told, and all of a
// whole part; fixed keeps zeros at the end.
function digits(x, n = 4, fixed = false) {
  if (!known(x)) return "–";
  const a = Math.abs(x);
  if (a !== 0 && (a < 1e-4 || a >= 1e12)) return x.toExponential(2).replace("-", "−");
  const places = a === 0 ? 0 : Math.max(0, Math.min(6, n - 1 - Math.floor(Math.log10(a))));
  return x.toLocaleString("en-US", { maximumFractionDigits: places, minimumFractionDigits: fixed ? places : 0 }).replace("-", "−");
}

const count = (n) => n.toLocaleString("en-US");
const many = (n, thing) => count(n) + " " + thing + (n === 1 ? "" : "s");

// steps are the sizes that a unit has for small and large values.
const steps = {
  J: [[1e6, "MJ", 1e-6], [1e4, "kJ", 1e-3], [0, "J", 1]],
  W: [[1e5, "kW", 1e-3], [0, "W", 1]],
  MJ: [[1e7, "MJ", 1e-6], [1e4, "kJ", 1e-3], [0, "J", 1]], // from joules
  "µs": [[1, "s", 1], [1e-3, "ms", 1e3], [0, "µs", 1e6]],
  ms: [[10, "s", 1], [1e-3, "ms", 1e3], [0, "µs", 1e6]],
};

const short = { sec: "s", count: "", requests: "", "tokens/sec": "tokens/s", "tokens/sec/user": "tokens/s/user", "requests/sec": "requests/s",
  "joules/request": "J/request", "requests/sec/W": "requests/s/W", "tokens/sec/W": "tokens/s/W" };

// shown gives a value in base units as number and unit, in a unit of fitting
// size; like is a value that decides the size for several.
function shown(x, unit, like = x, n = 4) {
  const list = steps[unit.shown];
  if (list) {
    const [, name, factor] = list.find(([from]) => Math.abs(like) >= from) ?? list.at(-1);
    return [digits(x * factor, n, n < 4), name];
  }
  return [digits(known(x) ? x * unit.factor : x, n, n < 4), short[unit.shown] ?? unit.shown];
}

const quantity = (x, unit, like = x, n = 4) => (known(x) ? shown(x, unit, like, n).join(" ").trim() : "–");

const time = { shown: "ms", factor: 1e3 };
const percent = (x) => digits(100 * x, 3) + " %";

// change is a relative difference with its sign.
const change = (x) => (x > 0 ? "+" : x < 0 ? "−" : "±") + Math.abs(100 * x).toLocaleString("en-US", { maximumFractionDigits: 1 }) + " %";

// clock is an instant as seconds, minutes or hours since the zero, as fine as
// its step.
function clock(x, step = 1) {
  const sign = x < 0 ? "−" : "";
  const a = Math.abs(x);
  const places = step >= 1 ? 0 : Math.min(6, Math.ceil(-Math.log10(step)));
  if (a < 120) return sign + a.toFixed(places) + " s";
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  const seconds = places ? (a % 60).toFixed(places).padStart(3 + places, "0") : two(a % 60);
  return sign + (a < 3600 ? Math.floor(a / 60) : Math.floor(a / 3600) + ":" + two((a % 3600) / 60)) + ":" + seconds;
}
