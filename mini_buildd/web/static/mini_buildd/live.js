// Keeps a page up to date: fetches it again every few seconds and carries over what changed, node
// by node, so that nothing flashes and focus, selection and scrolling stay. Running times go on
// second by second. Without scripts, loading the page again does the same.
const sameKind = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName;

// By what a section or a row is known again; empty for all else.
const key = (node) => (node.nodeType === Node.ELEMENT_NODE
  ? node.id || node.getAttribute("aria-labelledby") || node.dataset.key || "" : "");

const morphAttributes = (from, to) => {
  for (const { name } of [...from.attributes]) {
    // What a person opened stays open.
    if (!to.hasAttribute(name) && name !== "open") from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
};

const morph = (from, to) => {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  if (from.classList.contains("live")) return;
  // Lines to copy have got a button, which the page as it is sent has not.
  const isSame = () => from.querySelector("pre").textContent === to.querySelector("pre").textContent;
  if (from.classList.contains("copy") && isSame()) return;
  morphAttributes(from, to);
  morphChildren(from, [...to.childNodes]);
};

const morphChildren = (parent, wanted) => {
  const keys = new Set(wanted.map(key));
  for (const node of [...parent.childNodes]) {
    if (key(node) && !keys.has(key(node))) node.remove();
  }
  let place = parent.firstChild;
  for (const node of wanted) {
    const name = key(node);
    const known = name && [...parent.children].find((child) => key(child) === name);
    if (known) {
      while (place && place !== known && !key(place)) {
        const gone = place;
        place = place.nextSibling;
        gone.remove();
      }
      if (place !== known) parent.insertBefore(known, place);
      morph(known, node);
      place = known.nextSibling;
    } else if (!name && place && !key(place) && sameKind(place, node)) {
      morph(place, node);
      place = place.nextSibling;
    } else {
      parent.insertBefore(node, place);
    }
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
};

const clock = (seconds) => {
  const whole = Math.max(0, Math.round(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
};

const tick = () => {
  const since = (text) => (Date.now() - Date.parse(text)) / 1000;
  for (const item of document.querySelectorAll("[data-since]")) {
    item.textContent = clock(since(item.dataset.since));
  }
  for (const bar of document.querySelectorAll("[data-progress-since]")) {
    bar.value = Math.min(bar.max, since(bar.dataset.progressSince));
  }
};

const say = (word, isLost) => {
  for (const place of document.querySelectorAll(".head > .live")) {
    if (place.textContent !== word) place.textContent = word;
    place.classList.toggle("is-lost", isLost);
  }
};

const main = document.querySelector("main");

const refresh = async () => {
  const answer = await fetch(main.dataset.refreshUrl, { cache: "no-store" });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(region.id);
    if (other) morph(region, other);
  }
  // A log that begins, or another attempt's, is a page to begin anew.
  const follows = (page) => page.querySelector("[data-follow]")?.dataset.follow;
  if (follows(fresh) && follows(fresh) !== follows(document)) location.reload();
  const goesOn = fresh.querySelector("main").dataset.refreshSeconds;
  if (!goesOn) delete main.dataset.refreshSeconds;
};

const keepFresh = async () => {
  let wait = Number(main.dataset.refreshSeconds);
  while (main.dataset.refreshSeconds) {
    await new Promise((done) => { setTimeout(done, wait * 1000); });
    if (document.hidden) continue;
    try {
      await refresh();
      wait = Number(main.dataset.refreshSeconds);
      say("live", false);
    } catch {
      wait = Math.min(30, wait * 2);
      say("lost the connection, trying again", true);
    }
  }
  say("", false);
};

setInterval(tick, 1000);
if (main.dataset.refreshSeconds) {
  say("live", false);
  keepFresh();
}
