//! What a person has told a phone's or a computer's system, and its browser tells every page.

/// What is asked of every page.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The language that is read, as browsers name it. WebKit's browser goes by the locales that the machine has, and
    /// is told none.
    pub language: &'static str,
    /// Whether colours are to be dark.
    pub is_dark: bool,
    /// Whether nothing is to move.
    pub is_still: bool,
    /// The time zone by its name in the IANA's list; otherwise the machine's.
    pub zone: Option<&'static str>,
}

impl Default for Settings {
    /// Nothing but English, whatever the machine's own desktop says.
    fn default() -> Self {
        Self {
            language: "en-GB",
            is_dark: false,
            is_still: false,
            zone: None,
        }
    }
}

impl Settings {
    /// The theme of a desktop with GTK; WebKit goes by its name.
    pub(super) fn gtk_theme(self) -> &'static str {
        if self.is_dark {
            "Adwaita:dark"
        } else {
            "Adwaita"
        }
    }

    /// The time zone for the environment of a process.
    pub(super) fn zone(self) -> Option<String> {
        self.zone.map(|zone| format!("TZ={zone}"))
    }

    /// The rest of them, as GTK reads them from its file.
    pub(super) fn gtk(self) -> String {
        let moves = u8::from(!self.is_still);
        format!("[Settings]\ngtk-enable-animations={moves}\n")
    }
}
