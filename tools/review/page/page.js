// Filters and the choice of colours. The page is whole without them.
"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  // The button says what it does.
  const name = () => {
    button.textContent = isDark() ? "Light colours" : "Dark colours";
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
  });
  dark.addEventListener("change", name);
  name();
  button.hidden = false;

  // A link to a folded section shows what is in it; so does printing.
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const fold = target && target.querySelector(":scope > details.fold");
    if (fold) fold.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const each of closed) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
  });

  const form = document.getElementById("filters");
  if (!form) return;
  const text = document.getElementById("text");
  const cluster = document.getElementById("cluster");
  const signs = [...form.querySelectorAll("[name=sign]")];
  const shown = document.getElementById("shown");
  const sections = [...document.querySelectorAll("section")]
    .map((section) => ({
      nothing: section.querySelector(".nothing"),
      tables: [...section.querySelectorAll(".scroll > table")].map((table) => ({
        frame: table.parentElement,
        rows: [...table.tBodies[0].rows].map((row) => ({
          row,
          sign: row.dataset.sign || "",
          clusters: row.dataset.clusters ? row.dataset.clusters.split(" ") : null,
          words: null,
        })),
      })),
    }))
    .filter((section) => section.tables.length);

  const filter = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const name = cluster ? cluster.value : "";
    const off = new Set(signs.filter((each) => !each.checked).map((each) => each.value));
    let count = 0;
    let all = 0;
    for (const section of sections) {
      let here = 0;
      for (const table of section.tables) {
        let left = 0;
        for (const each of table.rows) {
          if (wanted.length && each.words === null) each.words = each.row.textContent.toLowerCase();
          const fits =
            !off.has(each.sign) &&
            (!name || !each.clusters || each.clusters.includes(name)) &&
            wanted.every((word) => each.words.includes(word));
          if (each.row.hidden === fits) each.row.hidden = !fits;
          left += fits;
        }
        table.frame.hidden = !left;
        here += left;
        all += table.rows.length;
      }
      section.nothing.hidden = here > 0;
      count += here;
    }
    const number = (value) => value.toLocaleString("en");
    shown.textContent = count === all ? `${number(all)} rows` : `${number(count)} of ${number(all)} rows`;
  };

  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    filter();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    form.reset();
    filter();
  });
  form.hidden = false;
  filter();
})();
