// The page's content policy allows no style elements and no style attributes, which xterm.js writes. This is a document
// that makes style sheets and properties of them, which the policy allows: they can't come from markup.
// static/build.mjs gives it to xterm.js in place of the window's.
const real = globalThis.document;

export const document = new Proxy(real, {
  get(_, name) {
    if (name === "createElement") return create;
    const value = Reflect.get(real, name);
    return typeof value === "function" ? value.bind(real) : value;
  },
});

export function create(tag, ...rest) {
  const element = Document.prototype.createElement.call(real, tag === "style" ? "i" : tag, ...rest);
  if (tag === "style") standIn(element);
  else if (tag === "span") styledByProperty(element);
  return element;
}

/** Looks like a style element to who sets its text, and is a style sheet of the document. */
function standIn(element) {
  const sheet = new CSSStyleSheet();
  real.adoptedStyleSheets.push(sheet);
  element.hidden = true;
  Object.defineProperty(element, "textContent", { set: (css) => sheet.replaceSync(css) });
  element.remove = () => {
    real.adoptedStyleSheets = real.adoptedStyleSheets.filter((other) => other !== sheet);
    Element.prototype.remove.call(element);
  };
}

function styledByProperty(span) {
  span.setAttribute = (name, value) => {
    if (name === "style") span.style.cssText = value;
    else Element.prototype.setAttribute.call(span, name, value);
  };
}
