// Where the map looks: within the world, where the results are, and told to the page's address.
(function () {
  "use strict";

  // Nearer than this nothing is gained: around a town there is nothing to see but the outline of its country, of which
  // some has to be in the window for one place alone to be anywhere.
  const NEAREST = 7;
  const NEAREST_ALONE = 5;
  const KM_A_DEGREE = 111;
  // Around a town, and around whatever says no size.
  const TOWN_DEGREES = 0.5;
  // From a pin's middle to its edge.
  const PIN_PIXELS = 12;
  // The buttons' margins, within which no result is to lie.
  const PADDING = { paddingTopLeft: [40, 72], paddingBottomRight: [64, 48] };

  let map = null;
  let least = 1; // the smallest zoom at which the world fills the window
  let pins = [];
  let button = null;

  function open(opened) {
    map = opened;
    frame();
    followHand();
    addButton();
  }

  // From the visitor's first move on the address says where the map looks; the server is not asked for that. What the map
  // does on its own, as it takes its size or goes where a link says, is no move.
  let byHand = false;
  let timer = 0;

  function tellAddress() {
    clearTimeout(timer); // browsers allow only so many changes in a while
    timer = setTimeout(() => {
      if (!byHand || !window.frameElement) return;
      const { history, location } = window.parent;
      const address = new URL(location.href);
      const { lat, lng } = map.getCenter().wrap();
      address.searchParams.set("lat", lat.toFixed(4));
      address.searchParams.set("lon", lng.toFixed(4));
      address.searchParams.set("zoom", String(+map.getZoom().toFixed(2)));
      if (address.href !== location.href) history.replaceState(history.state, "", address);
    }, 150);
  }

  function followHand() {
    for (const kind of ["pointerdown", "wheel", "keydown"]) {
      map.getContainer().addEventListener(kind, () => { byHand = true; }, { capture: true, passive: true });
    }
    map.on("moveend", tellAddress);
    if (!window.frameElement || window.newsMapFollows) return;
    window.newsMapFollows = true;
    // Streamlit writes an address for each choice, and Back brings an old one; neither moves the map.
    const { history } = window.parent;
    const push = history.pushState.bind(history);
    history.pushState = (...parts) => {
      push(...parts);
      tellAddress();
    };
    window.parent.addEventListener("popstate", tellAddress);
  }

  // The world fills the width, and nobody can pan off it.
  function frame() {
    map.options.zoomSnap = 0.25;
    // Not `setMinZoom`: clusters need a whole number there, or places that stand alone are never drawn.
    map.setMinZoom(1);
    const limit = map._limitZoom.bind(map);
    map._limitZoom = (zoom) => Math.max(least, limit(zoom));
    const fill = () => {
      least = Math.min(4, Math.max(1, Math.ceil(4 * Math.log2(Math.max(256, map.getSize().x) / 256)) / 4));
      // At once: clusters that are added in the midst of an animation lose markers.
      if (map.getZoom() < least) map.setView(map.getCenter(), least, { animate: false });
    };
    fill();
    map.on("resize", fill);
    // Leaflet knows of the whole number alone.
    const out = map.getContainer().querySelector(".leaflet-control-zoom-out");
    const end = () => {
      const reached = map.getZoom() <= least;
      out.classList.toggle("leaflet-disabled", reached);
      out.setAttribute("aria-disabled", String(reached));
    };
    end();
    map.on("zoomend resize", end);
    // Wider than the world, so that a popup at its edge finds room. North of 85 degrees Leaflet knows no bounds: what
    // stands there moves the map beyond them for as long as it is open.
    const bounds = [[-89, -250], [89, 250]];
    map.setMaxBounds(bounds);
    map.on("popupopen popupclose", ({ type }) => map.setMaxBounds(type === "popupopen" ? null : bounds));
  }

  function addButton() {
    const Fit = L.Control.extend({
      onAdd() {
        button = document.createElement("button");
        button.type = "button";
        button.className = "nm-fit";
        button.hidden = true;
        button.addEventListener("click", () => fit());
        L.DomEvent.disableClickPropagation(button);
        return button;
      },
    });
    new Fit({ position: "topleft" }).addTo(map);
    map.on("moveend", word);
  }

  // A filter leaves the map where it is; where nothing of the results can be seen from there, the button says so.
  function word() {
    const view = map.getBounds();
    const away = !pins.some(({ lat, lon }) => view.contains([lat, lon]));
    button.hidden = !pins.length;
    button.classList.toggle("nm-away", away);
    button.textContent = away ? "Go to the results" : "Fit to results";
  }

  // What is shown now; `widths` are those of countries, in degrees.
  function aim(shown, widths) {
    const smaller = shown.filter(({ kind }) => kind !== "continent");
    pins = (smaller.length ? smaller : shown).map((pin) => ({ ...pin, reach: reach(pin, widths) }));
    word();
  }

  // Degrees of longitude from a place's middle to its edge.
  function reach(pin, widths) {
    if (pin.kind === "country" && widths.has(pin.country)) return widths.get(pin.country) / 2;
    return pin.radius ? pin.radius / KM_A_DEGREE : TOWN_DEGREES;
  }

  // All of them can be seen then, or, where the window is too small for that, as many articles as can be. The map shows
  // no country and no place twice, so that it never looks across 180 degrees.
  function fit(options) {
    if (!pins.length) return;
    const edge = (side, most, from) => Math.max(-most, Math.min(most, side(...pins.map(from))));
    const bounds = L.latLngBounds(
      [edge(Math.min, 85, ({ lat, reach }) => lat - reach / 2), edge(Math.min, 180, ({ lon, reach }) => lon - reach)],
      [edge(Math.max, 85, ({ lat, reach }) => lat + reach / 2), edge(Math.max, 180, ({ lon, reach }) => lon + reach)],
    );
    const room = map.getSize().subtract([2 * PIN_PIXELS, 2 * PIN_PIXELS]);
    const needed = map.project(bounds.getSouthEast(), least).subtract(map.project(bounds.getNorthWest(), least));
    if (room.contains(needed)) {
      map.fitBounds(bounds, { maxZoom: pins.length > 1 ? NEAREST : NEAREST_ALONE, ...PADDING, ...options });
    } else {
      const points = pins.map(({ lat, lon, count }) => ({ ...map.project([lat, lon], least), count }));
      const middle = L.point(densest(points, "x", room.x), densest(points, "y", room.y));
      map.setView(map.unproject(middle, least), least, options);
    }
  }

  // The middle of the points that lie within so many pixels of each other and have the most articles.
  function densest(points, axis, room) {
    const sorted = points.toSorted((a, b) => a[axis] - b[axis]);
    let best = { count: -1 };
    let first = 0;
    let count = 0;
    for (const last of sorted) {
      count += last.count;
      while (last[axis] - sorted[first][axis] > room) count -= sorted[first++].count;
      if (count > best.count) best = { count, middle: (sorted[first][axis] + last[axis]) / 2 };
    }
    return best.middle;
  }

  // Fits once for each number but 0. The first is the start; later the visitor asked for it, elsewhere on the page.
  let gone;

  function goOnce(number) {
    const start = gone === undefined;
    if (number === gone) return;
    gone = number;
    if (!number) return;
    if (!start) byHand = true;
    // At once on the start: clusters that are added in the midst of an animation lose markers.
    fit(start ? { animate: false } : {});
  }

  window.newsMapView = { open, aim, goOnce };
})();
