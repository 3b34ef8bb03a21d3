/** Elements of HTML and SVG. Styles are set by class or through the object model, because the page's policy forbids inline styles. */

const SVG = "http://www.w3.org/2000/svg";

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

export function html(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** Sets these attributes; null removes one. */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) element.removeAttribute(name);
    else element.setAttribute(name, value);
  }
  return element;
}

/** @returns the element of this class in `parent`; if there is none, a new one at its end */
export function part(parent, name, kind = "div") {
  return parent.querySelector(`.${name}`) ?? parent.appendChild(html(kind, { class: name }));
}

function filled(element, attributes, children) {
  set(element, attributes);
  element.append(...children);
  return element;
}
