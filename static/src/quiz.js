// An open attempt at a quiz: answers save themselves, and what is to be ordered can be dragged or moved by keyboard.
// Without this script the page is a form that is saved and handed in by its buttons.
const RETRY = 5000;
const TYPING = 700;

function saving(form) {
  const words = form.dataset;
  const state = form.querySelector("[data-state]");
  const left = form.querySelector("[data-left]");
  const changed = new Set();
  let timer = null;
  let busy = false;
  let over = false;

  function body(numbers) {
    const fields = new FormData();
    fields.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    for (const number of numbers) {
      fields.append("question", number);
      for (const [name, value] of new FormData(form)) {
        if (name === `q${number}` || name.startsWith(`q${number}-`)) fields.append(name, value);
      }
    }
    return fields;
  }

  function say(text, icon) {
    state.textContent = text;
    if (!icon) return;
    const mark = document.createElement("span");
    mark.className = `icon icon-${icon}`;
    mark.setAttribute("aria-hidden", "true");
    state.prepend(mark);
  }

  /** One request at a time, in the order of the changes, so that an older answer never comes after a newer one. */
  async function send() {
    clearTimeout(timer);
    if (busy || over || !changed.size) return;
    busy = true;
    const numbers = [...changed];
    changed.clear();
    say(words.saving);
    const answer = await fetch(words.save, { method: "POST", body: body(numbers) }).catch(() => null);
    busy = false;
    if (answer?.ok) {
      const { open } = await answer.json();
      left.textContent = open.length ? words.open.replace("{n}", open.length) : words.none;
      if (changed.size) send();
      else say(words.saved, "check");
      return;
    }
    if (answer?.status === 409) {
      over = true;
      say(words.over, "warn");
      return;
    }
    for (const number of numbers) changed.add(number);
    say(words.offline, "warn");
    timer = setTimeout(send, RETRY);
  }

  function note(event) {
    const question = event.target.closest("[data-question]");
    if (!question) return;
    changed.add(question.dataset.question);
    clearTimeout(timer);
    timer = setTimeout(send, event.type === "input" && event.target.matches("input:not([type=radio], [type=checkbox]), textarea") ? TYPING : 0);
  }

  form.addEventListener("input", note);
  form.addEventListener("change", note);
  form.addEventListener("submit", () => {
    over = true;
  });
  addEventListener("online", send);
  // What was typed in the last moment before the page goes.
  addEventListener("pagehide", () => {
    if (!over && changed.size) navigator.sendBeacon(words.save, body(changed));
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}

/** Rows of a list become movable; each keeps its menu of places, now unseen, which is what the form sends. */
function ordering(list) {
  const words = list.dataset;
  const said = document.createElement("p");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  list.after(said);
  const how = list.previousElementSibling;
  if (how?.classList.contains("q-how")) how.textContent = words.how;
  const rows = () => [...list.children];
  const label = (row) => row.querySelector("[data-label]").dataset.label;

  if (rows().every((row) => row.dataset.given)) {
    list.append(...rows().sort((one, other) => one.dataset.given - other.dataset.given));
    list.classList.add("placed");
  }

  function settle(row) {
    rows().forEach((each, index) => {
      each.querySelector("select").value = String(index + 1);
    });
    list.classList.add("placed");
    row.querySelector("select").dispatchEvent(new Event("change", { bubbles: true }));
    const place = rows().indexOf(row) + 1;
    said.textContent = words.moved.replace("{item}", label(row)).replace("{n}", place).replace("{m}", rows().length);
  }

  function move(row, step) {
    const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (other) row[step < 0 ? "after" : "before"](other);
    settle(row);
  }

  function arrow(row, icon, words, step) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet square";
    button.setAttribute("aria-label", `${words}: ${label(row)}`);
    button.innerHTML = `<span class="icon icon-${icon}" aria-hidden="true"></span>`;
    button.addEventListener("click", () => {
      move(row, step);
      button.focus();
    });
    return button;
  }

  function drag(event, row) {
    if (event.button) return;
    event.preventDefault();
    const grip = event.currentTarget;
    grip.setPointerCapture(event.pointerId);
    row.classList.add("dragged");
    let moved = false;
    const over = ({ clientY }) => {
      const before = row.previousElementSibling;
      const after = row.nextElementSibling;
      const middle = (each) => each.getBoundingClientRect().top + each.getBoundingClientRect().height / 2;
      // The neighbour is moved, not the row: a pointer that holds an element loses it when that is put elsewhere.
      if (before && clientY < middle(before)) row.after(before);
      else if (after && clientY > middle(after)) row.before(after);
      else return;
      moved = true;
    };
    const end = () => {
      row.classList.remove("dragged");
      grip.removeEventListener("pointermove", over);
      grip.removeEventListener("pointerup", end);
      grip.removeEventListener("pointercancel", end);
      if (moved) settle(row);
    };
    grip.addEventListener("pointermove", over);
    grip.addEventListener("pointerup", end);
    grip.addEventListener("pointercancel", end);
  }

  for (const row of rows()) {
    row.querySelector("select").hidden = true;
    const grip = document.createElement("span");
    grip.className = "q-grip";
    grip.setAttribute("aria-hidden", "true");
    grip.innerHTML = '<span class="icon icon-grip"></span>';
    grip.addEventListener("pointerdown", (event) => drag(event, row));
    row.prepend(grip);
    row.append(arrow(row, "up", words.up, -1), arrow(row, "down", words.down, 1));
  }
  list.classList.add("movable");
}

const form = document.querySelector("form.quiz");
if (form) {
  form.querySelectorAll("[data-order]").forEach(ordering);
  saving(form);
  form.querySelector("#quedan")?.focus();
}
