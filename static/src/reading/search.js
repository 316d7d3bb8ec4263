// Results while a person types: the server's own page of results, read again and put in its place.
const WAIT_MS = 180;

export function searchBoxes() {
  document.querySelectorAll("form[data-search]").forEach(live);
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const box = document.querySelector("form[data-search] input[name=q]");
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
}

/** `data-search` names the element that shows the results. */
function live(form) {
  const box = form.elements.q;
  const place = document.getElementById(form.dataset.search);
  const sheet = place.hasAttribute("data-sheet");
  let timer = 0;
  let asked = 0;
  const show = (nodes) => {
    place.replaceChildren(...nodes);
    if (sheet) place.hidden = !nodes.length;
  };
  const search = async () => {
    const turn = ++asked;
    const query = box.value.trim();
    const address = `${form.action}?q=${encodeURIComponent(query)}`;
    if (sheet && query.length < 2) return show([]);
    const response = await fetch(address, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" }).catch(() => null);
    if (turn !== asked || !response?.ok || response.redirected) return;
    const found = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("search-results");
    if (!found) return;
    show([...found.childNodes]);
    if (!sheet) history.replaceState(null, "", address);
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, WAIT_MS);
  });
  if (!sheet) return;
  form.addEventListener("keydown", (event) => {
    const links = [...place.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Escape") {
      show([]);
      box.focus();
    } else if (event.key === "ArrowDown" && links.length) {
      event.preventDefault();
      links[Math.min(at + 1, links.length - 1)].focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (links[at - 1] ?? box).focus();
    }
  });
  document.addEventListener("click", (event) => form.contains(event.target) || show([]));
  form.addEventListener("focusout", (event) => event.relatedTarget && !form.contains(event.relatedTarget) && show([]));
}
