//! Times and days where the visitor is, by the browser's own words.

use holdfast_protocol::time::Millis;
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

use crate::texts;

const DAY_MS: f64 = 86_400_000.0;
const MINUTE_MS: f64 = 60_000.0;

/// Writes times and days.
pub(super) struct Clock {
    time: Function,
    day: Function,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self {
            time: format(&[("hour", "numeric"), ("minute", "2-digit")]),
            day: format(&[("weekday", "long"), ("day", "numeric"), ("month", "long")]),
        }
    }

    /// The hour and minute.
    pub(super) fn time(&self, at: Millis) -> String {
        write(&self.time, at)
    }

    /// The heading of a day.
    pub(super) fn day(&self, at: Millis) -> String {
        match day_number(now()) - day_number(at) {
            0 => texts::TODAY.to_owned(),
            1 => texts::YESTERDAY.to_owned(),
            _ => write(&self.day, at),
        }
    }
}

/// Numbers the days where the visitor is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "dates are far below 2^53"
)]
pub(super) fn day_number(at: Millis) -> i64 {
    let ms = at.0 as f64;
    let offset = Date::new(&ms.into()).get_timezone_offset() * MINUTE_MS;
    ((ms - offset) / DAY_MS).floor() as i64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the present is positive and below 2^53"
)]
fn now() -> Millis {
    Millis(Date::now() as u64)
}

#[expect(clippy::cast_precision_loss, reason = "dates are far below 2^53")]
fn write(format: &Function, at: Millis) -> String {
    let text = format.call1(&JsValue::NULL, &(at.0 as f64).into());
    text.ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
}

fn format(options: &[(&str, &str)]) -> Function {
    let object = Object::new();
    for (name, value) in options {
        // Setting a property of a plain object can't fail.
        let _ = Reflect::set(&object, &(*name).into(), &(*value).into());
    }
    Intl::DateTimeFormat::new(&Array::new(), &object).format()
}
