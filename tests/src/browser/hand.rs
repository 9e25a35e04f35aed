//! What a hand does to a window beside clicking: a mouse, its wheel, a finger; and the window of a phone.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use thirtyfour::common::command::{Actions, Command};

use super::{Engine, Tab};
use crate::wait;

/// A finger that moves for so long scrolls, and throws nothing.
const DRAG_MS: u32 = 250;

/// The screen of a phone, where the driver can make one.
const PHONE: (u32, u32) = (390, 844);

/// The narrowest window that every browser makes; the panel takes it for a phone.
const NARROW: (u32, u32) = (500, 844);

impl Tab {
    /// Moves the mouse to a point of the window, in pixels, and presses nothing.
    ///
    /// # Errors
    /// When the point is outside of the window.
    pub async fn point(&self, x: i32, y: i32) -> Result<()> {
        let way =
            json!({"type": "pointerMove", "x": x, "y": y, "duration": 0, "origin": "viewport"});
        let mouse = json!([{
            "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [way],
        }]);
        self.act(mouse).await.context("the mouse")
    }

    /// Turns the mouse's wheel over a point of the window, in pixels; downwards where `down` is positive.
    ///
    /// # Errors
    /// When the driver has no wheel.
    pub async fn wheel(&self, x: i32, y: i32, down: i32) -> Result<()> {
        let turn = json!({
            "type": "scroll", "x": x, "y": y, "deltaX": 0, "deltaY": down, "duration": 0, "origin": "viewport",
        });
        let wheel = json!([{"type": "wheel", "id": "wheel", "actions": [turn]}]);
        self.act(wheel).await.context("the wheel")
    }

    /// Drags a finger from a point of the window, in pixels; downwards where `down` is positive. Returns when the finger
    /// is up again.
    ///
    /// # Errors
    /// When the driver has no fingers.
    pub async fn drag(&self, x: i32, y: i32, down: i32) -> Result<()> {
        let to = |y: i32, duration: u32| json!({"type": "pointerMove", "x": x, "y": y, "duration": duration, "origin": "viewport"});
        let finger = json!([{
            "type": "pointer", "id": "finger", "parameters": {"pointerType": "touch"}, "actions": [
                to(y, 0), {"type": "pointerDown", "button": 0}, to(y + down, DRAG_MS),
                {"type": "pause", "duration": DRAG_MS}, {"type": "pointerUp", "button": 0},
            ],
        }]);
        self.act(finger).await.context("the finger")
    }

    /// Makes the window that of a phone: in Chromium with all that belongs to one, elsewhere as narrow as windows get.
    /// What the page asks for when it is loaded it has to be asked again.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn on_phone(&self) -> Result<()> {
        match self.engine() {
            Engine::Chromium => {
                let (width, height) = PHONE;
                let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": true});
                self.devtools("Emulation.setDeviceMetricsOverride", screen)
                    .await?;
                let touch = json!({"enabled": true});
                self.devtools("Emulation.setTouchEmulationEnabled", touch)
                    .await?;
                Ok(())
            }
            Engine::Firefox | Engine::WebKit => self.resize(NARROW.0, NARROW.1).await,
        }
    }

    /// Puts the window away, as its person does, or takes it up again; returns when the page knows.
    ///
    /// # Errors
    /// When the browser refuses, or the page hears nothing of it.
    pub async fn put_away(&self, is_away: bool) -> Result<()> {
        {
            let front = self.front().await?;
            if is_away {
                front.driver.minimize_window().await?;
            } else {
                front.driver.set_window_rect(0, 0, 1000, 800).await?;
            }
        }
        let look = async || self.run::<bool>("return document.hidden", vec![]).await;
        wait::until("the page hidden or not", look, |hidden| *hidden == is_away).await?;
        Ok(())
    }

    async fn act(&self, actions: Value) -> Result<()> {
        let front = self.front().await?;
        let command = Command::PerformActions(Actions::from(actions));
        front.driver.handle().cmd(command).await?;
        Ok(())
    }
}
