// Live progress of long work. The stream ends itself now and then; EventSource comes back by itself.
const number = new Intl.NumberFormat(document.documentElement.lang);

export function watchJobs(root) {
  if (!root.querySelectorAll) return;
  for (const job of root.querySelectorAll("[data-job]")) watch(job);
  if (root.matches?.("[data-job]")) watch(root);
}

function watch(job) {
  if (job.dataset.watched) return;
  job.dataset.watched = "yes";
  const source = new EventSource(job.dataset.job);
  source.addEventListener("progress", (event) => show(job, JSON.parse(event.data), source));
  source.addEventListener("over", () => {
    source.close();
    window.htmx.trigger(job, "job-over");
  });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself
    setTimeout(() => {
      delete job.dataset.watched;
      if (job.isConnected) watch(job);
    }, 5000);
  });
}

function show(job, now, source) {
  if (!job.isConnected) return source.close();
  job.querySelector("[data-job-label]").textContent = now.label;
  job.querySelector("[data-job-done]").textContent = number.format(now.done);
  job.querySelector("[data-job-total]").textContent = number.format(now.total);
  job.querySelector("[data-job-bar]").value = now.percent;
  job.querySelector("[data-job-error]").textContent = now.error ?? "";
}
