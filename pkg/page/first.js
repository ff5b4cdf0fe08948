// Runs before anything is drawn: sets the theme, and keeps what goes wrong where
// a test, or a reader who wonders, can see it.
"use strict";
{
  const root = document.documentElement;
  const wrong = (text) => { root.dataset.errors = (root.dataset.errors ? root.dataset.errors + "\n" : "") + text; };
  addEventListener("error", (e) => wrong(e.message ?? "load " + (e.target.src ?? e.target.href)), true);
  addEventListener("unhandledrejection", (e) => wrong(String(e.reason)));
  addEventListener("securitypolicyviolation", (e) => wrong("blocked " + e.violatedDirective + " " + e.blockedURI));
  let theme = { "#light": "light", "#dark": "dark" }[location.hash];
  try { theme ||= localStorage.getItem("aiperf-theme"); } catch { /* there is none for this file */ }
  if (theme) root.dataset.theme = theme;
}
