// Keeps a page up to date: when something happens that it is about, it is fetched again and what
// changed is carried over, node by node, so that nothing flashes and focus, selection and scrolling
// stay. Running times go on second by second. Without scripts, loading the page again does the same.
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

const main = document.querySelector("main");
const isLive = () => "liveUrl" in main.dataset;
const word = (name) => main.dataset[name] ?? "";

const say = (text, isLost = false) => {
  for (const place of document.querySelectorAll(".head > .live")) {
    if (place.textContent !== text) place.textContent = text;
    place.classList.toggle("is-lost", isLost);
  }
};

const refresh = async () => {
  const answer = await fetch(main.dataset.liveUrl || location.href, { cache: "no-store" });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(region.id);
    if (other) morph(region, other);
  }
  // A log that begins, or another attempt's, is a page to begin anew.
  const follows = (page) => page.querySelector("[data-follow]")?.dataset.follow;
  if (follows(fresh) && follows(fresh) !== follows(document)) location.reload();
  const { liveUrl, pollSeconds } = fresh.querySelector("main").dataset;
  if (liveUrl === undefined) delete main.dataset.liveUrl;
  if (pollSeconds) main.dataset.pollSeconds = pollSeconds;
};

// However much happens, the page is fetched once a second at most, and not while it is under way.
const CALM_MS = 1000;
const update = (() => {
  let isWanted = false;
  let isUnderWay = false;
  return async () => {
    isWanted = true;
    if (isUnderWay) return;
    isUnderWay = true;
    while (isWanted && isLive() && !document.hidden) {
      isWanted = false;
      try {
        await refresh();
        say(word("wordLive"));
      } catch {
        say(word("wordLost"), true);
      }
      await new Promise((done) => { setTimeout(done, CALM_MS); });
    }
    isUnderWay = false;
    if (!isLive()) listen.end();
  };
})();

// The stream of what happens. Browsers keep it up by themselves, and say up to where they were told;
// only when they are refused they give up, and are told to try again. A page that nobody looks at
// lets go of it: a browser has six connections to an instance, for all of its pages together.
const GRACE_MS = 4000;
const AGAIN_MS = 10000;
const listen = (() => {
  let source = null;
  let trouble = 0;
  let last = main.dataset.after ?? "";
  const end = () => {
    source?.close();
    source = null;
    clearTimeout(trouble);
    trouble = 0;
    if (!isLive()) say("");
  };
  const begin = () => {
    end();
    if (!isLive() || document.hidden) return;
    const wanted = new URLSearchParams(main.dataset.events ?? "");
    if (last) wanted.set("after", last);
    source = new EventSource(`/api/v1/events/stream?${wanted}`);
    source.onopen = () => {
      clearTimeout(trouble);
      trouble = 0;
      say(word("wordLive"));
    };
    source.onmessage = (message) => {
      last = message.lastEventId;
      update();
    };
    source.onerror = () => {
      const isOver = source.readyState === EventSource.CLOSED;
      if (isOver) setTimeout(begin, AGAIN_MS);
      trouble ||= setTimeout(() => say(word("wordLost"), true), isOver ? 0 : GRACE_MS);
    };
  };
  return { begin, end };
})();

// Some of what a page shows changes without an event, such as how old something is.
const poll = () => {
  setTimeout(() => {
    if (!document.hidden) update();
    if (isLive()) poll();
  }, 1000 * Number(main.dataset.pollSeconds || 30));
};

setInterval(tick, 1000);
if (isLive()) {
  say(word("wordLive"));
  listen.begin();
  poll();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      listen.end();
    } else {
      listen.begin();
      update();
    }
  });
  // Other filters were chosen: what is shown has told which events it is about.
  document.addEventListener("htmx:afterSettle", () => {
    const found = document.querySelector("[data-found-events]");
    if (!found) return;
    main.dataset.events = found.dataset.foundEvents;
    listen.begin();
  });
}
