//! Time and chance, which the pure modules are handed as arguments.

use holdfast_protocol::id::EventId;
use holdfast_protocol::time::Millis;
use web_sys::Window;

/// Milliseconds of a clock that never runs backwards.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive and below 2^53"
)]
pub(crate) fn monotonic(window: &Window) -> Millis {
    Millis(
        window
            .performance()
            .map_or_else(js_sys::Date::now, |clock| clock.now()) as u64,
    )
}

/// Milliseconds since the Unix epoch by the visitor's clock.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive and below 2^53"
)]
pub(crate) fn unix() -> Millis {
    Millis(js_sys::Date::now() as u64)
}

/// A name for a new message.
pub(crate) fn new_id(window: &Window) -> EventId {
    EventId::new(unix(), random(window))
}

/// Random bits: from the browser's generator, which every browser that runs wasm has.
pub(crate) fn random(window: &Window) -> u128 {
    let mut bytes = [0; 16];
    if let Ok(crypto) = window.crypto() {
        // Fails only for more than 65,536 bytes.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    u128::from_le_bytes(bytes)
}
