// Tokens live for minutes; the session behind them for much longer. While a page is looked at, its token is renewed silently,
// and before a form is sent after a long pause, so that nobody loses what they typed.
const EVERY = 4 * 60 * 1000;
let renewedAt = Date.now();

export function keepSession() {
  const address = document.body.dataset.renew;
  if (!address) return;
  const renew = async () => {
    try {
      await fetch(`${address}?next=/`, { redirect: "manual", credentials: "same-origin" });
      renewedAt = Date.now();
    } catch { /* without a connection there is nothing to renew */ }
  };
  const renewIfOld = () => (Date.now() - renewedAt > EVERY ? renew() : null);
  const isWatched = () => document.visibilityState === "visible" || document.querySelector("[data-job]");
  setInterval(() => isWatched() && renewIfOld(), 30 * 1000);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && renewIfOld());
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || Date.now() - renewedAt < 2 * EVERY) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    renew().then(() => { renewedAt = Date.now(); form.requestSubmit(event.submitter); });
  }, { capture: true });
}
