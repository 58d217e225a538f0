// "/" goes to the search, as in most programs, unless somebody is writing.
const box = document.querySelector("[data-search]");
const isWriting = (node) => node.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(node.nodeName);

document.addEventListener("keydown", (event) => {
  if (!box || event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isWriting(event.target)) return;
  event.preventDefault();
  box.focus();
  box.select();
});
