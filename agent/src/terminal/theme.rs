//! Colours, and what stands for them where there are none.

use ratatui::style::{Color, Modifier, Style};

use super::words::Mood;

/// The look of things. Foregrounds are middle tones that can be read on a light and on a dark terminal; where a
/// background is set, its foreground is set too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    has_color: bool,
}

const DEEP: Color = Color::Indexed(24);
const PAPER: Color = Color::Indexed(230);
const INK: Color = Color::Indexed(234);
const WHITE: Color = Color::Indexed(255);
const AMBER: Color = Color::Indexed(214);
const GRAY: Color = Color::Indexed(245);
const BLUE: Color = Color::Indexed(33);
const PURPLE: Color = Color::Indexed(170);
const GREEN: Color = Color::Indexed(35);
const TEAL: Color = Color::Indexed(37);
const ORANGE: Color = Color::Indexed(172);
const RED: Color = Color::Indexed(197);

impl Theme {
    /// Without colours where the user does not want any (no-color.org).
    pub(crate) fn new(has_color: bool) -> Self {
        Self { has_color }
    }

    /// The bar at the top.
    pub(crate) fn bar(self) -> Style {
        self.pair(WHITE, DEEP, Modifier::REVERSED)
    }

    /// The chosen conversation in the list.
    pub(crate) fn chosen(self) -> Style {
        self.pair(WHITE, DEEP, Modifier::REVERSED)
    }

    /// A count of unread messages.
    pub(crate) fn badge(self) -> Style {
        self.pair(INK, AMBER, Modifier::REVERSED)
            .add_modifier(Modifier::BOLD)
    }

    /// What is for colleagues only.
    pub(crate) fn note(self) -> Style {
        self.pair(INK, PAPER, Modifier::ITALIC)
    }

    /// The name above a note.
    pub(crate) fn note_name(self) -> Style {
        self.color(ORANGE, Modifier::ITALIC)
    }

    /// What is less important.
    pub(crate) fn dim(self) -> Style {
        self.color(GRAY, Modifier::DIM)
    }

    /// Names of things.
    pub(crate) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What this agent wrote.
    pub(crate) fn mine(self) -> Style {
        self.color(BLUE, Modifier::empty())
    }

    /// What a colleague wrote.
    pub(crate) fn colleague(self) -> Style {
        self.color(PURPLE, Modifier::empty())
    }

    /// What the visitor wrote.
    pub(crate) fn visitor(self) -> Style {
        self.color(GREEN, Modifier::empty())
    }

    /// What just goes on: typing, loading; and what was read.
    pub(crate) fn live(self) -> Style {
        self.color(TEAL, Modifier::BOLD)
    }

    /// All is well.
    pub(crate) fn good(self) -> Style {
        self.color(GREEN, Modifier::empty())
    }

    /// Somebody should look soon.
    pub(crate) fn uneasy(self) -> Style {
        self.color(ORANGE, Modifier::BOLD)
    }

    /// Something is wrong.
    pub(crate) fn bad(self) -> Style {
        self.color(RED, Modifier::BOLD)
    }

    /// The connection's state within the bar.
    pub(crate) fn mood(self, mood: Mood) -> Style {
        match mood {
            Mood::Good => self.pair(Color::Indexed(120), DEEP, Modifier::REVERSED),
            Mood::Uneasy => self
                .pair(INK, AMBER, Modifier::BOLD)
                .add_modifier(Modifier::BOLD),
            Mood::Bad => self
                .pair(WHITE, Color::Indexed(160), Modifier::BOLD)
                .add_modifier(Modifier::BOLD),
        }
    }

    fn color(self, color: Color, otherwise: Modifier) -> Style {
        if self.has_color {
            Style::new().fg(color)
        } else {
            Style::new().add_modifier(otherwise)
        }
    }

    fn pair(self, front: Color, back: Color, otherwise: Modifier) -> Style {
        if self.has_color {
            Style::new().fg(front).bg(back)
        } else {
            Style::new().add_modifier(otherwise)
        }
    }
}
