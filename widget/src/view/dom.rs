//! Making elements.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, HtmlElement};

const SVG: Option<&str> = Some("http://www.w3.org/2000/svg");

/// Makes elements of one document.
pub(super) struct Dom(pub(super) Document);

impl Dom {
    /// An element with a class, and a hook by which tests and the click listener find it. Empty names
    /// are left out.
    pub(super) fn element(
        &self,
        tag: &str,
        class: &str,
        hook: &str,
    ) -> Result<HtmlElement, JsValue> {
        let element: HtmlElement = self.0.create_element(tag)?.unchecked_into();
        if !class.is_empty() {
            element.set_class_name(class);
        }
        if !hook.is_empty() {
            element.set_attribute("data-hf", hook)?;
        }
        Ok(element)
    }

    /// The same with a text in it.
    pub(super) fn text(&self, tag: &str, class: &str, text: &str) -> Result<HtmlElement, JsValue> {
        let element = self.element(tag, class, "")?;
        element.set_text_content(Some(text));
        Ok(element)
    }

    /// A button with a text in it, or where that is empty with a name for those who do not see its icon.
    pub(super) fn button(
        &self,
        class: &str,
        hook: &str,
        label: &str,
    ) -> Result<HtmlElement, JsValue> {
        let button = self.element("button", class, hook)?;
        button.set_attribute("type", "button")?;
        if class.is_empty() {
            button.set_text_content(Some(label));
        } else {
            button.set_attribute("aria-label", label)?;
        }
        Ok(button)
    }

    /// An icon of 24 by 24.
    pub(super) fn icon(&self, class: &str, path: &str) -> Result<Element, JsValue> {
        let svg = self.0.create_element_ns(SVG, "svg")?;
        svg.set_attribute("viewBox", "0 0 24 24")?;
        svg.set_attribute("aria-hidden", "true")?;
        svg.set_attribute("class", class)?;
        let line = self.0.create_element_ns(SVG, "path")?;
        line.set_attribute("d", path)?;
        svg.append_child(&line)?;
        Ok(svg)
    }
}

/// Puts children into an element, in this order.
pub(super) fn fill(parent: &Element, children: &[&Element]) -> Result<(), JsValue> {
    for child in children {
        parent.append_child(child)?;
    }
    Ok(())
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
        // Fails only for a malformed name, and all of ours are constants.
        let _ = element.set_attribute(name, value);
    }
}
