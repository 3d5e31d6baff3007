// Everything that pages of the kit do beyond links and forms. No inline script anywhere: behaviour hangs on data attributes.
import { watchJobs } from "./jobs.js";
import { keepSession } from "./session.js";
import { explainErrors } from "./errors.js";

explainErrors();
keepSession();
watchJobs(document);
document.body.addEventListener("htmx:load", (event) => {
  watchJobs(event.target);
  event.target.querySelector?.("[data-focus]")?.focus();
});

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-dismiss], [data-dialog], [data-close], [data-back]");
  if (!target) return;
  if (target.matches("[data-dismiss]")) target.closest("[data-notice]").remove();
  if (target.matches("[data-dialog]")) document.getElementById(target.dataset.dialog).showModal();
  if (target.matches("[data-close]")) target.closest("dialog").close();
  if (target.matches("[data-back]")) history.back();
});
for (const button of document.querySelectorAll("[data-back]")) button.hidden = history.length < 2;

document.addEventListener("submit", (event) => {
  const form = event.target;
  const asked = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (asked && !window.confirm(asked)) return event.preventDefault();
  if (form.dataset.busy !== undefined) return event.preventDefault(); // a second click is not a second payment
  if (form.method === "post" && !form.closest("[hx-post]")) {
    form.dataset.busy = "";
    setTimeout(() => delete form.dataset.busy, 15000);
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-busy]")) delete form.dataset.busy;
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-check-all]")) {
    for (const box of event.target.closest("table").querySelectorAll("[data-check]")) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-check-all], [data-check]")) {
    const count = document.querySelectorAll("[data-check]:checked").length;
    for (const place of document.querySelectorAll("[data-check-count]")) place.textContent = count;
    for (const bulk of document.querySelectorAll("[data-bulk]")) bulk.hidden = count === 0;
  }
});

document.querySelector("[data-focus]")?.focus();
