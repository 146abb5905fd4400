// The news map in the browser. All text comes as data and is set as text nodes, never as HTML.
(function () {
  "use strict";

  // What a place is to a story, strongest first: in a popup's badges, and of a pin that is that at most.
  const ROLES = ["focus", "mention", "dateline"];
  const ROLE_BADGES = { focus: "Focus", mention: "Mentioned", dateline: "Filed from here" };
  const ROLE_WORDS = { focus: "in focus", mention: "only mentioned", dateline: "only filed from here" };
  const KINDS = {
    country: "Country", admin1: "Region", admin2: "District", city: "City", region: "Area", water: "Water",
    continent: "Continent", other: "Place",
  };
  // Countries narrower than this have no area to click at small scales: their badges join the clusters.
  const SMALL_DEGREES = 1.5;
  const BADGE_PIXELS = 64;
  const AREAS = new Set(["country", "continent"]);
  // From here on countries are large, and paler than they were.
  const NEAR_ZOOM = 5;
  // Of fewer articles no pin is as large as pins can be.
  const FEW = 16;
  const state = {
    map: null, countries: new Map(), widths: new Map(), outlines: null, waiting: null, names: [],
  };

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  // The base: outlines in a pane below everything, tiles only where they were asked for.

  // Only then is it known how large the map is.
  async function styled(map) {
    const sheets = [...document.querySelectorAll("link[rel=stylesheet]")].filter((link) => !link.sheet);
    await Promise.all(sheets.map((link) => new Promise((done) => { link.onload = link.onerror = done; })));
    map.invalidateSize({ animate: false });
  }

  // The page keeps the frame out of sight until it is more than an unstyled heap, and looks where it is to look.
  function unveil() {
    if (!window.frameElement) return;
    window.frameElement.dataset.ready = "yes";
    window.frameElement.setAttribute("aria-label", "Map of the articles");
  }

  function base(map, options) {
    state.map = map;
    state.styled = styled(map);
    map.setMinZoom(2); // without a tile layer nothing else says so, and markercluster asks
    map.setMaxZoom(18);
    document.documentElement.dataset.theme = options.theme;
    map.getContainer().setAttribute("role", "region");
    map.getContainer().setAttribute("aria-label", "Map: arrow keys move it, plus and minus zoom, Tab goes from place to place");
    L.control.zoom({ position: "bottomright" }).addTo(map);
    L.control.attribution({ prefix: false, position: "bottomleft" })
      .addAttribution("Natural Earth · GeoNames").addTo(map);
    map.createPane("outlines").style.zIndex = 150;
    map.createPane("names").style.zIndex = 160;
    newsMapView.open(map);
    addLegend(map);
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape") map.closePopup();
    });
    new ResizeObserver(function () { map.invalidateSize({ animate: false }); }).observe(map.getContainer());
    state.ready = fetch(options.outlines).then((answer) => answer.json()).then(function (collection) {
      state.outlines = L.geoJSON(collection, {
        pane: "outlines",
        interactive: true,
        style: () => ({ className: "nm-country", weight: 0.7, fillOpacity: 1 }),
        onEachFeature(feature, layer) {
          const { code, width } = feature.properties;
          if (width) state.widths.set(code, width);
          if (!code) return;
          if (!state.countries.has(code)) state.countries.set(code, []);
          state.countries.get(code).push(layer);
        },
      }).addTo(map);
      // A click on a country speaks for the country's pin; the outlines' own clicks would report a bare position.
      state.outlines.eachLayer((layer) => layer.removeEventParent(state.outlines));
      addNames(map, collection);
      if (state.waiting) state.waiting();
    });
    if (options.tiles) addTiles(map, options);
  }

  // Names of countries, where there is room for them. They lie below the tiles, which bring their own.
  function addNames(map, collection) {
    for (const { properties } of collection.features) {
      if (!properties.label) continue;
      const [lon, lat] = properties.label;
      const icon = L.divIcon({
        className: "nm-country-name", iconSize: [120, 14], html: element("span", "", properties.name),
      });
      const marker = L.marker([lat, lon], { icon, pane: "names", interactive: false, keyboard: false });
      const letters = properties.name.length;
      // A letter takes about 7 pixels; on two lines a name needs the longest word's room.
      const longest = Math.max(...properties.name.split(" ").map((word) => word.length), letters / 2);
      const zoom = Math.log2((longest * 7 * 360) / (256 * Math.max(properties.width, 0.02)));
      state.names.push({ marker, zoom, code: properties.code });
    }
    map.on("zoomend moveend", nameAll);
    nameAll();
  }

  let naming = 0;

  // Once for all that happens at a time, and not by frames, of which a busy machine draws none for a long while. A
  // country that shows its badge has its name there and nowhere else.
  function nameAll() {
    if (naming) return;
    naming = setTimeout(() => {
      naming = 0;
      const badged = newsMapNames.badged(state.map);
      const zoom = state.map.getZoom();
      for (const { marker, zoom: least, code } of state.names) {
        if (zoom >= Math.max(2.5, least) && !badged.has(code)) marker.addTo(state.map);
        else marker.remove();
      }
      const shown = state.names.map(({ marker }) => marker.getElement()).filter((node) => node && node.isConnected);
      newsMapNames.layOut(state.map, shown.map((node) => node.firstChild), inCountry);
    }, 20);
  }

  function inCountry(code, x, y) {
    const point = state.map.containerPointToLayerPoint([x, y]);
    const paths = (state.countries.get(code) || []).map((layer) => layer.getElement());
    return paths.some((path) => path && path.isPointInFill(new DOMPoint(point.x, point.y)));
  }

  function addTiles(map, options) {
    const tiles = L.tileLayer(options.tiles, { maxZoom: 18 }).addTo(map);
    let failed = 0;
    let loaded = false;
    const credit = element("span", "", options.tilesCredit).outerHTML; // set as text, hence escaped
    map.attributionControl.addAttribution(credit);
    tiles.on("tileload", () => { loaded = true; });
    tiles.on("tileerror", function () {
      failed += 1;
      if (!loaded && failed >= 4) map.removeLayer(tiles);
    });
  }

  function addLegend(map) {
    const Legend = L.Control.extend({
      onAdd() {
        const box = element("details", "nm-legend");
        box.open = map.getSize().x > 1300; // where the South Pacific has room for it
        box.append(element("summary", "", "Legend"));
        const rows = [
          ["nm-key nm-key-focus", "What a story is about"],
          ["nm-key nm-key-mention", "Only mentioned"],
          ["nm-key nm-key-dateline", "Only where a story was filed"],
          ["", ""],
          ["nm-key nm-key-city", "City, with its number of articles"],
          ["nm-key nm-key-cluster", "Several places; each article counted once"],
          ["nm-key nm-key-area", "Region, district or area"],
          ["nm-key nm-key-water", "Sea, lake or river"],
          ["nm-key nm-key-badge", "Country or continent, named as a whole"],
          ["nm-key nm-key-country", "The stronger its colour, the more articles"],
        ];
        for (const [className, text] of rows) {
          if (!className) {
            box.append(element("hr", "nm-legend-line"));
            continue;
          }
          const row = element("div", "nm-legend-row");
          row.append(element("span", className), element("span", "", text));
          box.append(row);
        }
        map.on("popupopen popupclose", ({ type }) => {
          const open = type === "popupopen";
          if (open) box.open = false; // or it would cover the popup
          // On a phone the popup needs the room of the buttons.
          map.getContainer().classList.toggle("nm-reading", open);
        });
        box.addEventListener("toggle", nameAll); // names make room for it
        L.DomEvent.disableClickPropagation(box);
        L.DomEvent.disableScrollPropagation(box);
        return box;
      },
    });
    new Legend({ position: "bottomleft" }).addTo(map);
  }

  // The results.

  async function decode(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  // `fit` is another number where the map is to go where the results are, and 0 on the start from a link with a view.
  async function show(group, text, fit = 0) {
    const turn = (state.turn = (state.turn || 0) + 1);
    const data = await decode(text);
    await Promise.allSettled([state.styled, state.ready]); // without outlines the pins still show
    if (turn !== state.turn) return; // a later layer has come meanwhile
    for (const pin of data.pins) {
      let number = 0;
      pin.numbers = pin.articles.map((step) => (number += step));
    }
    addPins(data, group);
    newsMapView.aim(data.pins, state.widths);
    newsMapView.goOnce(fit);
    unveil();
    state.waiting = () => shade(data, group);
    if (state.outlines) state.waiting();
  }

  function addPins(data, group) {
    // Of very many articles no numbers are sent: the server counts what is in the clusters.
    const counted = data.pins.every((pin) => pin.numbers.length) ? null : new Map();
    const grown = growth(data);
    const clusters = L.markerClusterGroup({
      iconCreateFunction: (cluster) => clusterIcon(cluster, counted, grown),
      maxClusterRadius: 54,
      showCoverageOnHover: false,
      spiderfyOnMaxZoom: true,
      animate: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    });
    for (const pin of data.pins) {
      pin.layer = marker(pin, data, group, grown);
      pin.wide = pin.kind === "country" && (state.widths.get(pin.country) || 0) >= SMALL_DEGREES;
      (pin.wide || pin.kind === "continent" ? group : clusters).addLayer(pin.layer);
    }
    group.addLayer(clusters);
    if (counted && data.ask) countClusters(clusters, data.ask, counted);
    clusters.on("animationend spiderfied unspiderfied", nameAll);
    if (state.zoomed) state.map.off("zoomend", state.zoomed);
    state.zoomed = () => hideBadges(data.pins.filter((pin) => pin.wide));
    state.map.on("zoomend", state.zoomed);
    state.zoomed();
  }

  // A badge waits until its country is wider than it; till then the shaded country itself can be clicked.
  function hideBadges(pins) {
    const zoom = state.map.getZoom();
    state.map.getContainer().classList.toggle("nm-near", zoom >= NEAR_ZOOM);
    const pixels = (256 * 2 ** zoom) / 360;
    for (const pin of pins) {
      const node = pin.layer.getElement();
      if (node) node.classList.toggle("nm-waiting", state.widths.get(pin.country) * pixels < BADGE_PIXELS);
    }
    nameAll();
  }

  function shade(data, group) {
    const most = Math.max(1, ...Object.values(data.countries));
    const pinOf = new Map(data.pins.filter((pin) => pin.kind === "country").map((pin) => [pin.country, pin]));
    for (const [code, layers] of state.countries) {
      const count = data.countries[code] || 0;
      const level = count ? Math.min(4, 1 + Math.floor((4 * Math.log1p(count)) / Math.log1p(most))) : 0;
      for (const layer of layers) {
        const path = layer.getElement();
        if (!path) continue;
        path.setAttribute("class", `leaflet-interactive nm-country nm-level-${level}`);
        layer.off("click");
        const pin = pinOf.get(code);
        path.classList.toggle("nm-opens", Boolean(pin));
        path.replaceChildren(...(count ? [told(layer.feature.properties.name, count)] : []));
        if (pin) {
          layer.on("click", () => {
            pin.layer.openPopup();
            group.fire("click", { latlng: L.latLng(pin.lat, pin.lon) });
          });
        }
      }
    }
  }

  // What a country says to a mouse that rests on it.
  function told(name, count) {
    const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
    title.textContent = `${name}: ${articles(count)}`;
    return title;
  }

  function articles(count) {
    return `${count.toLocaleString("en")} ${count === 1 ? "article" : "articles"}`;
  }

  function label(pin) {
    return `${pin.name}, ${KINDS[pin.kind].toLowerCase()}: ${articles(pin.count)}, ${ROLE_WORDS[pin.role]}`;
  }

  function shape(kind) {
    if (kind === "city" || kind === "other") return "nm-city";
    if (kind === "water") return "nm-water";
    return AREAS.has(kind) ? "nm-badge" : "nm-area";
  }

  // How far a spot of so many articles has grown from its least size, 0, to its largest, 1, which that of most articles has.
  function growth(data) {
    const most = Math.max(FEW, ...data.pins.map((pin) => pin.count), ...Object.values(data.countries));
    return (count) => Math.min(1, Math.log2(count) / Math.log2(most));
  }

  function marker(pin, data, group, grown) {
    const least = pin.role === "focus" ? 24 : 20;
    const size = AREAS.has(pin.kind) ? 22 : Math.round(least + 18 * grown(pin.count));
    const number = element("span", "nm-number", pin.count.toLocaleString("en"));
    // A badge is as wide as its number.
    const width = AREAS.has(pin.kind) ? Math.max(size, 7 * number.textContent.length + 8) : size;
    const icon = L.divIcon({
      className: `nm-pin ${shape(pin.kind)} nm-${pin.role}`,
      iconSize: [width, size],
      html: number,
    });
    const layer = L.marker([pin.lat, pin.lon], { icon, title: label(pin), alt: label(pin), riseOnHover: true,
      // What is exact lies above what stands for a whole country, and what stories are about above the rest.
      zIndexOffset: (AREAS.has(pin.kind) ? -2000 : 0) - 500 * ROLES.indexOf(pin.role) });
    layer.newsPin = pin;
    pin.told = pin.stories.length || !data.ask ? pin.stories.map((index) => data.stories[index]) : null;
    layer.on("add", function () {
      const node = layer.getElement();
      if (node) node.setAttribute("aria-label", label(pin));
    });
    // The page tells by its point which place was clicked, also while a cluster's pins are spread out.
    const at = L.latLng(pin.lat, pin.lon);
    layer.on("click", (event) => { event.latlng = at; });
    // Leaflet opens the popup on Enter without a click; the page listens for clicks.
    layer.on("keypress", function (event) {
      if (event.originalEvent && event.originalEvent.key === "Enter") group.fire("click", { latlng: at });
    });
    layer.bindPopup(() => popup(pin), {
      maxWidth: Math.min(340, window.innerWidth - 84), minWidth: Math.min(260, window.innerWidth - 84),
      maxHeight: Math.min(320, window.innerHeight - 140), autoPanPaddingTopLeft: [16, 68], autoPanPaddingBottomRight: [16, 16], className: "nm-popup",
    });
    layer.on("popupopen", function (event) {
      const body = event.popup.getElement().querySelector(".nm-body");
      if (body) body.focus({ preventScroll: true });
      drawExtent(pin);
      if (!pin.told) tell(layer, data.ask);
    });
    layer.on("popupclose", function () {
      if (state.extent) state.map.removeLayer(state.extent);
      state.extent = null;
      const node = layer.getElement();
      if (node) node.focus({ preventScroll: true });
    });
    return layer;
  }

  // A region's rough extent, so that nobody takes its middle for the spot.
  function drawExtent(pin) {
    if (state.extent) state.map.removeLayer(state.extent);
    state.extent = null;
    if (!pin.radius) return;
    state.extent = L.circle([pin.lat, pin.lon], {
      radius: pin.radius * 1000, className: "nm-extent", interactive: false, weight: 1.5,
    }).addTo(state.map);
  }

  // `counted` is null where the pins say their articles, and else holds the clusters that are counted so far.
  function clusterIcon(cluster, counted, grown) {
    const numbers = new Set();
    let strongest = ROLES.length - 1;
    let most = 1; // the articles of one place: no cluster around it has fewer
    for (const { newsPin } of cluster.getAllChildMarkers()) {
      for (const n of newsPin.numbers) numbers.add(n);
      strongest = Math.min(strongest, ROLES.indexOf(newsPin.role));
      most = Math.max(most, newsPin.count);
    }
    const count = counted ? counted.get(cluster) : numbers.size;
    const size = Math.round(30 + 22 * grown(count || most));
    const said = count ? articles(count) : `${most.toLocaleString("en")}+ articles`;
    const [figure, noun] = said.split(" ");
    const number = element("span", "nm-number", figure);
    number.append(element("span", "nm-unseen", ` ${noun} in ${cluster.getChildCount()} places; zoom in`));
    return L.divIcon({ className: `nm-pin nm-cluster nm-${ROLES[strongest]}`, iconSize: [size, size], html: number });
  }

  // The clusters of all zooms at once, so that neither panning nor zooming asks again.
  async function countClusters(clusters, ask, counted) {
    const same = []; // by the order in which the server counts: clusters that hold the same places at several zooms
    const places = (cluster) => {
      const these = [cluster];
      while (!cluster._markers.length && cluster._childClusters.length === 1) these.push(cluster = cluster._childClusters[0]);
      same.push(these);
      return [...cluster._markers.map((layer) => layer.newsPin.id), ...cluster._childClusters.map(places)];
    };
    const body = JSON.stringify(places(clusters._topClusterLevel));
    let answer = null;
    for (const wait_s of [0, 2, 6, 18]) { // a server that counts for many others asks to come back
      if (wait_s) await new Promise((done) => { setTimeout(done, wait_s * 1000); });
      if (wait_s && !clusters._map) return;
      answer = await fetch(ask.clusters, { method: "POST", body }).catch(() => null);
      if (!answer || answer.status !== 503) break;
    }
    if (!answer || !answer.ok) return; // the places still show, and what is in them
    const counts = await answer.json();
    same.forEach((these, index) => these.forEach((cluster) => counted.set(cluster, counts[index])));
    if (clusters._map) clusters.refreshClusters();
  }

  // Popups, made when they open.

  // Written as the list beside the map writes it, and in UTC as everything on the page.
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

  // A place's stories are asked for when its popup first opens; where that fails, when it opens again.
  async function tell(layer, ask) {
    const pin = layer.newsPin;
    const answer = await fetch(`${ask.stories}&place=${encodeURIComponent(pin.id)}`).catch(() => null);
    const told = answer && answer.ok ? await answer.json().catch(() => null) : null;
    pin.failed = !told;
    pin.told = told;
    if (!layer.isPopupOpen()) return;
    const shown = layer.getPopup();
    const inside = shown.getElement().contains(document.activeElement);
    shown.update();
    if (inside) shown.getElement().querySelector(".nm-body").focus({ preventScroll: true });
  }

  function popup(pin) {
    const body = element("div", "nm-body");
    body.tabIndex = -1;
    body.setAttribute("role", "dialog");
    body.setAttribute("aria-label", pin.name);
    const head = element("div", "nm-head");
    head.append(element("strong", "nm-name", pin.name), element("span", "nm-kind", KINDS[pin.kind]));
    body.append(head);
    const inside = pin.admin1 && pin.kind !== "admin1" ? `${pin.admin1} · ` : "";
    const shown = pin.told && pin.told.length < pin.count ? `, the newest ${pin.told.length}` : "";
    body.append(element("div", "nm-sub", `${inside}${articles(pin.count)}${shown}`));
    for (const story of pin.told || []) body.append(storyNode(story));
    if (!pin.told) {
      const waiting = element("p", "nm-waits", pin.failed ? "The articles cannot be read at the moment." : "Reading …");
      waiting.setAttribute("role", "status");
      body.append(waiting);
    }
    return body;
  }

  function storyNode(story) {
    const node = element("article", "nm-story");
    let title;
    if (/^https?:\/\//i.test(story.url)) {
      title = element("a", "nm-title", story.title);
      title.href = story.url;
      title.target = "_blank";
      title.rel = "noopener noreferrer";
    } else {
      title = element("div", "nm-title", story.title);
    }
    title.dir = "auto";
    const when = story.published === null ? "undated" : day.format(new Date(story.published * 1000));
    const also = story.also ? ` · also in ${story.also} other ${story.also === 1 ? "outlet" : "outlets"}` : "";
    const meta = element("div", "nm-meta");
    if (story.publisher) meta.append(element("bdi", "", story.publisher), " · ");
    meta.append(when + also);
    for (const role of story.roles) meta.append(element("span", `nm-role nm-role-${role}`, ROLE_BADGES[role]));
    node.append(title, meta);
    const text = element("p", "nm-snippet");
    text.dir = "auto";
    let position = 0;
    for (const [start, end] of story.marks) {
      text.append(story.text.slice(position, start), element("mark", "", story.text.slice(start, end)));
      position = end;
    }
    text.append(story.text.slice(position));
    node.append(text);
    return node;
  }

  window.newsMap = { base, show };
})();
