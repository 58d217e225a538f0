// Gives every box of text to copy a button. Without scripts the text is selected by hand.
const copied = async (button, text) => {
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  } catch {
    // No clipboard outside a secure context: select the text, so that one key copies it.
    getSelection().selectAllChildren(text);
    button.textContent = "Press Ctrl+C";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
};

const giveButton = (box) => {
  const text = box.querySelector("pre");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", () => copied(button, text));
  box.append(button);
};

const giveButtons = () => {
  document.querySelectorAll(".copy:not(:has(> button))").forEach(giveButton);
};

giveButtons();
// A page that is kept up to date may get more of them.
new MutationObserver(giveButtons).observe(document.querySelector("main"), { childList: true, subtree: true });
