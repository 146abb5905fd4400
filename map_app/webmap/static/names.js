// The names of pins, each beside its own, as far as they fit between pins, clusters and each other.
(function () {
  "use strict";

  const FONT = '600 12px system-ui, "Segoe UI", Roboto, sans-serif';
  const HEIGHT = 16;
  const WIDEST = 170; // as in newsmap.css
  const GAP = 3;
  const SQUARE = 64;
  // What a pin draws beyond its own size: rings and shadows.
  const RING = 3;
  // A country's name stands below its badge, as on any map; that of a spot to the right of it.
  const SIDES = ["right", "left", "below", "above"];
  const SIDES_OF_AREAS = ["below", "above", "right", "left"];
  // Pixels right and down that a badge may go aside, the shortest way first.
  const STEPS = [[0, 0]];
  for (const far of [26, 44, 66, 90]) {
    for (const [x, y] of [[0, 1], [0, -1], [1, 0], [-1, 0], [0.7, 0.7], [-0.7, 0.7], [0.7, -0.7], [-0.7, -0.7]]) {
      STEPS.push([Math.round(far * x), Math.round(far * y)]);
    }
  }
  const ROLES = ["focus", "mention", "dateline"];

  const ruler = document.createElement("canvas").getContext("2d");
  ruler.font = FONT;
  const widths = new Map();

  function widthOf(name) {
    if (!widths.has(name)) widths.set(name, Math.min(WIDEST, Math.ceil(ruler.measureText(name).width) + 2));
    return widths.get(name);
  }

  function box(left, top, width, height) {
    return { left, top, right: left + width, bottom: top + height };
  }

  function beside(pin, side, width) {
    const middle = (pin.left + pin.right) / 2;
    if (side === "right") return box(pin.right + GAP, (pin.top + pin.bottom - HEIGHT) / 2, width, HEIGHT);
    if (side === "left") return box(pin.left - GAP - width, (pin.top + pin.bottom - HEIGHT) / 2, width, HEIGHT);
    return box(middle - width / 2, side === "below" ? pin.bottom : pin.top - HEIGHT, width, HEIGHT);
  }

  function meet(a, b) {
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  }

  // Boxes by the squares of the window that they reach into: of thousands only the few near by are compared.
  class Taken {
    constructor() {
      this.squares = new Map();
    }

    *around({ left, top, right, bottom }) {
      for (let x = Math.floor(left / SQUARE); x <= right / SQUARE; x += 1) {
        for (let y = Math.floor(top / SQUARE); y <= bottom / SQUARE; y += 1) yield x * 1e4 + y;
      }
    }

    put(part) {
      for (const square of this.around(part)) {
        if (!this.squares.has(square)) this.squares.set(square, []);
        this.squares.get(square).push(part);
      }
    }

    // Whether there is something else than `own` where the part would lie.
    meets(part, own) {
      for (const square of this.around(part)) {
        if ((this.squares.get(square) || []).some((other) => other !== own && meet(part, other))) return true;
      }
      return false;
    }
  }

  function within(part, size) {
    return part.left >= 0 && part.top >= 0 && part.right <= size.x && part.bottom <= size.y;
  }

  function boxOfIcon(map, layer, icon) {
    const [width, height] = icon.options.iconSize;
    const { x, y } = map.latLngToContainerPoint(layer.getLatLng());
    return box(x - width / 2 - RING, y - height / 2 - RING, width + 2 * RING, height + 2 * RING);
  }

  function pinsOn(map) {
    const pins = [];
    map.eachLayer((layer) => {
      const node = layer instanceof L.Marker && layer.getElement();
      if (node && node.classList.contains("nm-pin")) pins.push([layer, node]);
    });
    return pins;
  }

  // The codes of the countries whose badges can be seen.
  function badged(map) {
    const seen = pinsOn(map).filter(([{ newsPin }, node]) => newsPin && !node.classList.contains("nm-waiting"));
    return new Set(seen.filter(([{ newsPin }]) => newsPin.kind === "country").map(([{ newsPin }]) => newsPin.country));
  }

  function moved({ left, top, right, bottom }, [x, y]) {
    return { left: left + x, top: top + y, right: right + x, bottom: bottom + y };
  }

  // How far a country's badge goes aside, within its country, from what would cover it; farther for room for its name.
  function aside({ pin, place }, taken, size, inCountry) {
    let first = null;
    for (const step of STEPS) {
      const spot = moved(place, step);
      if (taken.meets(spot) || !within(spot, size)) continue;
      if (!inCountry(pin.country, (spot.left + spot.right) / 2, (spot.top + spot.bottom) / 2)) continue;
      first = first || step;
      const spots = SIDES_OF_AREAS.map((side) => beside(spot, side, widthOf(pin.name)));
      if (spots.some((name) => within(name, size) && !taken.meets(name))) return step;
    }
    return first || STEPS[0];
  }

  // `names` are the elements of countries' names that the base map shows; those that lie under a pin are hidden.
  // `inCountry(code, x, y)` says whether a point of the window is in a country.
  function layOut(map, names, inCountry) {
    const size = map.getSize();
    const origin = map.getContainer().getBoundingClientRect();
    const taken = new Taken();
    const named = [];
    const badges = [];
    // All is measured before anything is changed, or the browser would lay out the page again and again.
    const boxOf = (node) => {
      const { left, top, width, height } = node.getBoundingClientRect();
      return box(left - origin.left, top - origin.top, width, height);
    };
    const below = names.map((node) => [node, boxOf(node)]);
    for (const node of map.getContainer().querySelectorAll(".leaflet-control")) taken.put(boxOf(node));
    for (const [layer, node] of pinsOn(map)) {
      for (const old of node.querySelectorAll(".nm-beside")) old.remove();
      if (node.classList.contains("nm-waiting")) continue;
      const place = boxOfIcon(map, layer, layer._iconObj || layer.options.icon); // the first of a cluster
      if (!meet(place, box(0, 0, size.x, size.y))) continue;
      const one = { pin: layer.newsPin, node, place, layer };
      if (one.pin && one.pin.wide) {
        badges.push(one);
        continue;
      }
      taken.put(place);
      if (one.pin) named.push(one);
    }
    badges.sort((a, b) => b.pin.count - a.pin.count);
    for (const badge of badges) {
      const step = aside(badge, taken, size, inCountry);
      badge.node.style.translate = step.map((pixels) => `${pixels}px`).join(" ");
      badge.layer.options.icon.options.popupAnchor = step;
      badge.place = moved(badge.place, step);
      taken.put(badge.place);
      named.push(badge);
    }
    const free = below.filter(([, place]) => !taken.meets(place));
    for (const [node] of below) node.style.visibility = "hidden";
    for (const [node, place] of free) {
      node.style.visibility = "";
      taken.put(place);
    }
    named.sort((a, b) => ROLES.indexOf(a.pin.role) - ROLES.indexOf(b.pin.role) || b.pin.count - a.pin.count);
    for (const { pin, node, place } of named) {
      const width = widthOf(pin.name);
      for (const side of node.classList.contains("nm-badge") ? SIDES_OF_AREAS : SIDES) {
        const spot = beside(place, side, width);
        if (!within(spot, size) || taken.meets(spot, place)) continue;
        const text = document.createElement("span");
        text.className = `nm-beside nm-${side}`;
        text.setAttribute("aria-hidden", "true"); // the pin itself is named in full
        text.dir = "auto";
        text.textContent = pin.name;
        node.append(text);
        taken.put(spot);
        break;
      }
    }
  }

  window.newsMapNames = { badged, layOut };
})();
