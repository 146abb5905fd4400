// Keeps the place in the list while an article is read, and begins everything else at its top.
const kept = (window.newsPanel ||= { shown: null, list: [0, 0] });

const panel = () => document.querySelector(".st-key-panel");
const page = () => document.querySelector(".stMain"); // on a phone the whole page moves

if (!kept.follows) {
  kept.follows = true;
  // Before what is pressed changes the page, and with it how far it can be moved.
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => {
      if (kept.shown && !kept.shown.over) kept.list = [panel().scrollTop, page().scrollTop];
    }, { capture: true, passive: true });
  }
}

function top() {
  panel().scrollTop = 0;
  const over = panel().getBoundingClientRect().top - document.querySelector(".st-key-head").offsetHeight;
  if (over < 0) page().scrollTop += over;
}

// The list is drawn bit by bit: what is not long enough yet is moved again.
function back([inPanel, inPage]) {
  for (const wait_ms of [0, 100, 400]) {
    setTimeout(() => {
      if (kept.shown.over) return;
      panel().scrollTop = inPanel;
      page().scrollTop = inPage;
    }, wait_ms);
  }
}

export default function ({ data: { list, over } }) {
  const before = kept.shown;
  if (before && before.list === list && before.over === over) return;
  kept.shown = { list, over };
  if (!before) return;
  if (before.over && !over && before.list === list) back(kept.list);
  else top();
}
