// Copies the page's address with frozen dates; where the browser forbids it, shows the address to copy by hand.
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  const said = parentElement.querySelector("[aria-live]");
  const field = parentElement.querySelector("input");
  const link = () => {
    const query = new URLSearchParams(data.query);
    // The map moves without a rerun of this part; where it looks stands in the address bar.
    const now = new URLSearchParams(window.location.search);
    for (const name of ["lat", "lon", "zoom"]) {
      if (now.has(name)) query.set(name, now.get(name));
    }
    const text = query.toString();
    return window.location.origin + window.location.pathname + (text ? "?" + text : "");
  };
  button.onclick = async () => {
    const address = link();
    try {
      await navigator.clipboard.writeText(address);
      said.textContent = "Link copied";
      button.classList.add("done"); // where the words have no room
      setTimeout(() => {
        said.textContent = "Copy link";
        button.classList.remove("done");
      }, 2500);
    } catch {
      field.hidden = false;
      field.value = address;
      field.focus();
      field.select();
      said.textContent = "Copy this";
    }
  };
}
