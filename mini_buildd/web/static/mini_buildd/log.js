// Follows a running build's log: asks for the bytes after the last one it has, so there is never a
// gap, whatever happens to the connection meanwhile. Leaves the reader where they are, unless they
// are at the end: then it stays at the end.
const box = document.getElementById("log");
const tick = document.getElementById("follow");
const isAtEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < 40;
const word = document.querySelector(".cut > .live");
const MOST_LINES = 20000;
const ESCAPE = /\x1b(?:\[[0-?]*[ -\/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g;
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/g;
const ERROR = /\b(?:error(?:\[E\d+\])?|ERROR):|\bError [1-9]\d*\b|^E: |^E {3,}\S|^ *-* ?FAIL(?:ED|URE)?\b|\bFAILED\b|\*\*\*(?:Failed|Exception|Timeout)\b|^not ok \d|^Result: FAIL|^panic: |^# +Failed test|\bFAIL +[\d.]+ ?s\b|Segmentation fault|undefined reference|fatal error|^CMake Error|^Traceback \(most recent call last\)|^[\w.]*(?:Error|Exception): |\bin @INC\b|\bAborted\b|^Killed\b|^make.*\*\*\*|^mini-buildd: |No space left on device|Cannot allocate memory|Temporary failure in name resolution|Could not resolve host|unmet dependencies|: (?:Build-)?Depends: |Cannot find \(any matches for\)|but is not installed to anywhere|\bunsat-dependency: /;
const HARMLESS = /\(ignored\)|\bxfail\b|XFAIL|# (?:TODO|SKIP)|\b(?:FAIL|ERROR|[Ee]rror)s?: +0\b|checking for /;

// As tools/log_plain.py does.
const plain = (line) => {
  const bare = line.replace(ESCAPE, "").replace(/\r+$/, "");
  return bare.slice(bare.lastIndexOf("\r") + 1).replace(CONTROL, "");
};

// The next three as web/log/colour.py does.
const after = (codes, look) => {
  let { colour, isBold } = look;
  for (const code of codes.split(";").map(Number)) {
    if (code === 38 || code === 48) break;
    if (code === 0) [colour, isBold] = ["", false];
    else if (code === 1 || code === 22) isBold = code === 1;
    else if (code === 39) colour = "";
    else if (/^[39][0-7]$/.test(code)) colour = `c${code % 10}`;
  }
  return { colour, isBold };
};

const pieces = (line) => {
  const found = [];
  let look = { colour: "", isBold: false };
  let place = 0;
  const add = (text) => found.push([text, `${look.colour}${look.isBold ? " cb" : ""}`.trim()]);
  for (const match of line.matchAll(ESCAPE)) {
    add(line.slice(place, match.index));
    place = match.index + match[0].length;
    const codes = /^\x1b\[([0-9;]*)m$/.exec(match[0]);
    if (codes) look = after(codes[1], look);
  }
  add(line.slice(place));
  return found;
};

const coloured = (line) => {
  const found = pieces(line);
  const bare = found.map(([text]) => text).join("").replace(/\r+$/, "");
  const begin = bare.lastIndexOf("\r") + 1;
  let place = 0;
  return found.map(([text, look]) => {
    const shown = text.slice(Math.max(begin - place, 0), Math.max(bare.length - place, 0));
    place += text.length;
    return [shown.replace(CONTROL, ""), look];
  }).filter(([text]) => text);
};

const makePiece = ([text, look]) => {
  if (!look) return text;
  const piece = document.createElement("span");
  piece.className = look;
  piece.append(text);
  return piece;
};

// As web/log/markup.py does.
const kind = (line) => {
  if (ERROR.test(line) && !HARMLESS.test(line)) return "e";
  if (/^\+(?:---|===)/.test(line)) return "b";
  return /^\| .* \|$/.test(line) ? "h" : "";
};

const makeLine = (text, number) => {
  const line = document.createElement("span");
  const shown = plain(text);
  if (kind(shown)) line.className = kind(shown);
  if (number !== null) {
    line.id = `L${number}`;
    const link = document.createElement("a");
    link.href = `#L${number}`;
    link.dataset.n = number;
    link.tabIndex = -1;
    link.setAttribute("aria-label", `line ${number}`);
    line.append(link);
  }
  if (text.includes("\x1b[")) line.append(...coloured(text).map(makePiece), "\n");
  else line.append(`${shown}\n`);
  return line;
};

const say = (text, isLost) => {
  if (word.textContent !== text) word.textContent = text;
  word.classList.toggle("is-lost", isLost);
};

class Follower {
  constructor() {
    this.offset = Number(box.dataset.offset);
    this.number = box.dataset.line ? Number(box.dataset.line) : null;
    this.decoder = new TextDecoder();
    this.rest = "";
  }

  add(text) {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop();
    const atEnd = tick ? tick.checked : isAtEnd();
    const made = document.createDocumentFragment();
    for (const line of lines) {
      made.append(makeLine(line, this.number));
      if (this.number !== null) this.number += 1;
    }
    box.append(made);
    while (box.childElementCount > MOST_LINES) box.firstElementChild.remove();
    if (atEnd) box.scrollTop = box.scrollHeight;
  }

  async ask() {
    const answer = await fetch(`${box.dataset.follow}&offset=${this.offset}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const bytes = await answer.arrayBuffer();
    this.offset = Number(answer.headers.get("X-Log-Next-Offset"));
    this.add(this.decoder.decode(bytes, { stream: true }));
    const hasEnded = answer.headers.get("X-Log-State") === "ended";
    if (hasEnded && this.rest) this.add("\n");
    return { hasEnded, hasMore: bytes.byteLength >= 1 << 20 };
  }

  async follow() {
    let wait = 1;
    for (;;) {
      try {
        const { hasEnded, hasMore } = await this.ask();
        wait = hasMore ? 0 : 1;
        say(hasEnded ? "the end" : "live", false);
        if (hasEnded) return;
      } catch {
        wait = Math.min(30, Math.max(1, wait * 2));
        say("lost the connection, trying again", true);
      }
      await new Promise((done) => { setTimeout(done, wait * 1000); });
    }
  }
}

// Lines of #L12 or #L12-L20 are marked; a second number is chosen with the shift key.
const RANGE = /^#L(\d+)(?:-L?(\d+))?$/;

const mark = () => {
  for (const line of box.querySelectorAll(".is-marked")) line.classList.remove("is-marked");
  const range = RANGE.exec(location.hash);
  if (!range || !range[2]) return;
  const [first, last] = [Number(range[1]), Number(range[2])].sort((a, b) => a - b);
  for (let number = first; number <= Math.min(last, first + MOST_LINES); number += 1) {
    document.getElementById(`L${number}`)?.classList.add("is-marked");
  }
  document.getElementById(`L${first}`)?.scrollIntoView({ block: "center" });
};

const choose = (event) => {
  const link = event.target.closest("a[data-n]");
  const begin = RANGE.exec(location.hash);
  if (!link || !event.shiftKey || !begin) return;
  event.preventDefault();
  const [first, last] = [Number(begin[1]), Number(link.dataset.n)].sort((a, b) => a - b);
  location.hash = first === last ? `L${first}` : `L${first}-L${last}`;
};

// Who scrolls up wants to read there; who scrolls to the end wants to follow again.
const watchScrolling = () => {
  tick.addEventListener("change", () => { if (tick.checked) box.scrollTop = box.scrollHeight; });
  box.addEventListener("scroll", () => { tick.checked = isAtEnd(); }, { passive: true });
};

if (box) {
  box.addEventListener("click", choose);
  window.addEventListener("hashchange", mark);
  mark();
}
if (box && tick) watchScrolling();
if (box && box.dataset.follow) {
  if (!location.hash) box.scrollTop = box.scrollHeight;
  if (tick) tick.checked = isAtEnd();
  new Follower().follow();
}
