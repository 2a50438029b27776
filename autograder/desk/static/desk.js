// Keys, sums and drafts of the marking desk. Every page works without it, by mouse.
"use strict";

const form = document.getElementById("mark");

function typesIn(element) {
  return element.matches("textarea, select, input:not([type=radio], [type=checkbox])");
}

function go(rel) {
  const link = document.querySelector(`link[rel=${rel}]`);
  if (link) location.assign(link.href);
}

// ---- marking ----

function choose(item, share) {
  const radios = [...item.querySelectorAll("input[type=radio]")];
  const wanted = radios.find((radio) => Number(radio.value) === share);
  const none = radios.find((radio) => radio.value === "");
  (wanted.checked ? none : wanted).checked = true;
  item.scrollIntoView({ block: "nearest" });
  changed();
}

function sum() {
  const output = document.getElementById("sum");
  if (!output) return;
  const points = Number(form.dataset.points);
  let total = 0;
  for (const item of form.querySelectorAll(".item")) {
    const radio = item.querySelector("input:checked");
    total += Number(item.dataset.worth) * Number(radio ? radio.value : 0);
  }
  const own = form.elements.marks.value.trim();
  total = own === "" ? total : Number(own);
  output.value = Number.isFinite(total) ? String(Math.round(Math.min(Math.max(total, 0), points) * 100) / 100) : "?";
}

function addComment(text) {
  const field = form.elements.comment;
  const before = field.value.trimEnd();
  field.value = before === "" ? text : before.includes(text) ? field.value : `${before}\n${text}`;
  changed();
}

function onKey(event) {
  if (event.ctrlKey && event.key === "Enter" && form) {
    event.preventDefault();
    form.requestSubmit(document.getElementById("save"));
    return;
  }
  if (event.key === "Escape" && typesIn(event.target)) {
    event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typesIn(event.target)) return;
  if (event.key === "/" && document.getElementById("q")) {
    event.preventDefault();
    document.getElementById("q").focus();
  } else if (form && mark(event)) {
    event.preventDefault();
  }
}

function mark(event) {
  const digit = /^Digit([1-9])$/.exec(event.code) || /^Numpad([1-9])$/.exec(event.code);
  if (digit) {
    const item = form.querySelectorAll(".item")[Number(digit[1]) - 1];
    if (item) choose(item, event.shiftKey ? 0.5 : 1);
    return Boolean(item);
  }
  if (event.shiftKey) return false;
  const onControl = event.target.closest("a, button, summary");
  const used = form.querySelector(`.comment-button[data-key="${CSS.escape(event.key)}"]`);
  if (used) addComment(used.dataset.comment);
  else if (event.key === "s" || (event.key === "Enter" && !onControl)) form.requestSubmit(document.getElementById("save"));
  else if (event.key === "c") form.elements.comment.focus();
  else if (event.key === "j") go("next");
  else if (event.key === "k") go("prev");
  else if (event.key === "g") {
    const boxes = [...document.querySelectorAll("input.equal")];
    const all = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !all;
  } else return false;
  return true;
}

// ---- drafts: what was typed and not saved is there again, also after the desk or the browser was closed ----

const draftName = (path) => `draft ${path}`;

function changed() {
  sum();
  const fields = [...new FormData(form)].filter(([name]) => /^(item-.*|marks|comment)$/.test(name));
  localStorage.setItem(draftName(location.pathname), JSON.stringify({ by: form.dataset.draft, fields }));
}

function restore() {
  const saved = new URLSearchParams(location.search).get("saved");
  if (saved) localStorage.removeItem(draftName(`/written/${location.pathname.split("/")[2]}/${saved}`));
  if (!form) return;
  const kept = localStorage.getItem(draftName(location.pathname));
  const draft = kept ? JSON.parse(kept) : null;
  if (!draft || draft.by !== form.dataset.draft) return;
  let differs = false;
  for (const [name, value] of draft.fields) {
    const field = form.elements[name];
    if (!field || field.value === value) continue;
    field.value = value;
    differs = true;
  }
  document.getElementById("draft-note").hidden = !differs;
}

document.addEventListener("keydown", onKey);
restore();
if (form) {
  form.addEventListener("input", changed);
  for (const button of form.querySelectorAll(".comment-button")) {
    button.addEventListener("click", () => addComment(button.dataset.comment));
  }
  sum();
}
