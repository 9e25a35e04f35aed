//! Making elements.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Document, Element, HtmlElement};

const SVG: &str = "http://www.w3.org/2000/svg";

// As in web-sys, but without a way to fail: all names are constants, and to be ready for an error at every step
// would be a fifth of the view's code.
#[wasm_bindgen]
extern "C" {
    type Maker;
    #[wasm_bindgen(method, js_name = createElement)]
    fn create(this: &Maker, tag: &str) -> HtmlElement;
    #[wasm_bindgen(method, js_name = createElementNS)]
    fn create_in(this: &Maker, space: &str, tag: &str) -> Element;

    type Parent;
    #[wasm_bindgen(method, js_name = setAttribute)]
    fn set(this: &Parent, name: &str, value: &str);
    #[wasm_bindgen(method, js_name = appendChild)]
    fn append(this: &Parent, child: &Element);
    #[wasm_bindgen(method, js_name = insertBefore)]
    fn insert(this: &Parent, child: &Element, before: Option<&Element>);
    #[wasm_bindgen(method, js_name = removeChild)]
    fn remove(this: &Parent, child: &Element);
    #[wasm_bindgen(method, js_name = querySelector)]
    fn find(this: &Parent, selector: &str) -> Option<Element>;
    #[wasm_bindgen(method)]
    fn matches(this: &Parent, selector: &str) -> bool;
    #[wasm_bindgen(method)]
    fn closest(this: &Parent, selector: &str) -> Option<Element>;
    #[wasm_bindgen(method, getter, js_name = parentElement)]
    fn parent(this: &Parent) -> HtmlElement;
}

/// Makes elements of one document.
pub(super) struct Dom(pub(super) Document);

impl Dom {
    /// An element with a class, and a hook by which tests and the click listener find it. Empty names
    /// are left out.
    pub(super) fn element(&self, tag: &str, class: &str, hook: &str) -> HtmlElement {
        let element = self.0.unchecked_ref::<Maker>().create(tag);
        if !class.is_empty() {
            element.set_class_name(class);
        }
        if !hook.is_empty() {
            put(&element, "data-hf", hook);
        }
        element
    }

    /// The same with a text in it.
    pub(super) fn text(&self, tag: &str, class: &str, text: &str) -> HtmlElement {
        let element = self.element(tag, class, "");
        element.set_text_content(Some(text));
        element
    }

    /// A button with a text in it, or where that is empty with a name for those who do not see its icon.
    pub(super) fn button(&self, class: &str, hook: &str, label: &str) -> HtmlElement {
        let button = self.element("button", class, hook);
        put(&button, "type", "button");
        if class.is_empty() {
            button.set_text_content(Some(label));
        } else {
            put(&button, "aria-label", label);
        }
        button
    }

    /// An icon of 24 by 24.
    pub(super) fn icon(&self, class: &str, path: &str) -> Element {
        let maker = self.0.unchecked_ref::<Maker>();
        let svg = maker.create_in(SVG, "svg");
        put(&svg, "viewBox", "0 0 24 24");
        put(&svg, "aria-hidden", "true");
        put(&svg, "class", class);
        let line = maker.create_in(SVG, "path");
        put(&line, "d", path);
        append(&svg, &line);
        svg
    }
}

/// Puts children into an element, in this order.
pub(super) fn fill(parent: &Element, children: &[&Element]) {
    for child in children {
        append(parent, child);
    }
}

/// Puts a child into an element, behind those that are there.
pub(super) fn append(parent: &Element, child: &Element) {
    parent.unchecked_ref::<Parent>().append(child);
}

/// Puts a child into an element, before another or at the end.
pub(super) fn insert(parent: &Element, child: &Element, before: Option<&Element>) {
    parent.unchecked_ref::<Parent>().insert(child, before);
}

/// Takes an element away from where it stands, if it does. Some pages have an `Element.prototype.remove` of their own.
pub(super) fn take_away(element: &Element) {
    if let Some(parent) = element.parent_node() {
        parent.unchecked_ref::<Parent>().remove(element);
    }
}

/// The first element inside that a constant selector finds.
pub(super) fn find(parent: &Element, selector: &str) -> Option<Element> {
    parent.unchecked_ref::<Parent>().find(selector)
}

/// Whether a constant selector fits an element.
pub(super) fn fits(element: &Element, selector: &str) -> bool {
    element.unchecked_ref::<Parent>().matches(selector)
}

/// The element itself or the nearest one around it that a constant selector fits.
pub(super) fn closest(element: &Element, selector: &str) -> Option<Element> {
    element.unchecked_ref::<Parent>().closest(selector)
}

/// The element in which the launcher stands.
pub(super) fn root_of(launcher: &Element) -> HtmlElement {
    launcher.unchecked_ref::<Parent>().parent()
}

/// Gives an element an attribute.
pub(super) fn put(element: &Element, name: &str, value: &str) {
    element.unchecked_ref::<Parent>().set(name, value);
}

/// Changes a text where it differs: an unchanged node is not announced again.
pub(super) fn set_text(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}

/// Changes an attribute where it differs.
pub(super) fn set_attribute(element: &Element, name: &str, value: &str) {
    if element.get_attribute(name).as_deref() != Some(value) {
        put(element, name, value);
    }
}
