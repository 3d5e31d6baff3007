// What a page does when a part of it gets no good answer.
export function explainErrors() {
  const body = document.body;
  body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    const { elt } = event.detail.requestConfig;
    if (xhr.status < 400) return;
    if (elt.matches("[data-fragment]")) return rest(elt);
    // a form with its faults, or a notice: the server says where it belongs (HX-Retarget)
    const isPage = (xhr.getResponseHeader("Content-Type") ?? "").startsWith("text/html");
    const isOurs = xhr.status === 422 || xhr.getResponseHeader("HX-Retarget");
    if (isPage && isOurs) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    } else if (!xhr.getResponseHeader("HX-Redirect")) noConnection();
  });
  body.addEventListener("htmx:afterSwap", (event) => event.detail.elt.removeAttribute("aria-busy"));
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    body.addEventListener(failure, (event) => {
      if (event.detail.elt.matches("[data-fragment]")) rest(event.detail.elt);
      else noConnection();
    });
  }
}

function rest(fragment) {
  fragment.removeAttribute("aria-busy");
  const sentence = fragment.querySelector("template");
  if (sentence) fragment.replaceChildren(sentence.content.cloneNode(true));
}

function noConnection() {
  document.getElementById("notices").append(document.getElementById("no-connection").content.cloneNode(true));
}
