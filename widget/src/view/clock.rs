//! Days where the visitor is.

use holdfast_protocol::time::Millis;
use js_sys::Date;

const DAY_MS: f64 = 86_400_000.0;
const MINUTE_MS: f64 = 60_000.0;

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
