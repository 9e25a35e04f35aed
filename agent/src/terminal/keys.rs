//! What the keys do.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a keyboard has more keys than are used here"
)]

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use holdfast_agent::Request;
use holdfast_protocol::client::AgentCommand;
use holdfast_protocol::event::check_text;

use super::app::{App, Effect, Pane, Popup};
use super::order;
use super::view::chat;

impl App {
    pub(super) fn press(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match (key.code, is_control) {
            (KeyCode::Char('c' | 'q'), true) | (KeyCode::F(10), _) => self.quit(effects),
            (KeyCode::F(1), _) => self.toggle_help(),
            _ if self.popup.is_some() => self.press_in_popup(key.code, effects),
            (KeyCode::F(2), _) | (KeyCode::Char('g'), true) => self.claim(effects),
            (KeyCode::F(3), _) | (KeyCode::Char('o'), true) => self.toggle_note(effects),
            (KeyCode::F(4), _) | (KeyCode::Char('t'), true) => self.ask_transfer(),
            (KeyCode::F(5), _) | (KeyCode::Char('r'), true) => self.retry(effects),
            (KeyCode::F(6), _) | (KeyCode::Char('y'), true) => self.take_back(effects),
            (KeyCode::F(7), _) | (KeyCode::Char('f'), true) => self.show_visitor(),
            (KeyCode::F(8), _) | (KeyCode::Char('x'), true) => self.ask_close(),
            (KeyCode::Char('n'), true) => self.step(1, effects),
            (KeyCode::Char('p'), true) => self.step(-1, effects),
            (KeyCode::Tab, _) => self.next_unread(effects),
            (KeyCode::PageUp, _) => self.scroll_up(effects),
            (KeyCode::PageDown, _) => self.scroll_down(),
            (KeyCode::Esc, _) => self.escape(effects),
            _ if self.is_narrow() && self.pane == Pane::List => {
                self.press_in_list(key.code, effects);
            }
            _ => self.press_in_composer(key, effects),
        }
    }

    fn quit(&mut self, effects: &mut Vec<Effect>) {
        if self.any_draft() && self.popup != Some(Popup::Quit) {
            self.popup = Some(Popup::Quit);
        } else {
            effects.push(Effect::Quit);
        }
    }

    fn toggle_help(&mut self) {
        self.popup = match self.popup {
            Some(Popup::Help) => None,
            _ => Some(Popup::Help),
        };
    }

    fn press_in_popup(&mut self, code: KeyCode, effects: &mut Vec<Effect>) {
        let Some(popup) = self.popup.take() else {
            return;
        };
        let is_yes = matches!(code, KeyCode::Enter | KeyCode::Char('y'));
        match popup {
            Popup::Help => {}
            Popup::Quit if is_yes => effects.push(Effect::Quit),
            Popup::Close if is_yes => {
                self.command(effects, |conversation| AgentCommand::Close { conversation });
            }
            Popup::Quit | Popup::Close => {}
            Popup::Transfer(at) => self.press_in_transfer(at, code, effects),
            Popup::Visitor(from) => match code {
                KeyCode::Up => self.popup = Some(Popup::Visitor(from.saturating_sub(1))),
                KeyCode::Down => self.popup = Some(Popup::Visitor(from + 1)),
                _ => {}
            },
        }
    }

    fn press_in_transfer(&mut self, at: usize, code: KeyCode, effects: &mut Vec<Effect>) {
        let targets = self.transfer_targets();
        match code {
            KeyCode::Esc => {}
            KeyCode::Up => self.popup = Some(Popup::Transfer(at.saturating_sub(1))),
            KeyCode::Down => {
                let last = targets.len().saturating_sub(1);
                self.popup = Some(Popup::Transfer((at + 1).min(last)));
            }
            KeyCode::Enter => {
                if let Some(&to) = targets.get(at) {
                    self.command(effects, |conversation| AgentCommand::Transfer {
                        conversation,
                        to,
                    });
                }
            }
            _ => self.popup = Some(Popup::Transfer(at)),
        }
    }

    fn press_in_list(&mut self, code: KeyCode, effects: &mut Vec<Effect>) {
        match code {
            KeyCode::Up => self.step(-1, effects),
            KeyCode::Down => self.step(1, effects),
            KeyCode::Enter | KeyCode::Right if self.model.chosen().is_some() => {
                self.pane = Pane::Chat;
            }
            KeyCode::Char('?') => self.toggle_help(),
            _ => {}
        }
    }

    fn press_in_composer(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        let has = |modifier| key.modifiers.contains(modifier);
        let is_control = has(KeyModifiers::CONTROL);
        let is_alt = has(KeyModifiers::ALT);
        let breaks = is_alt || is_control || has(KeyModifiers::SHIFT);
        let width = chat::composer_width(self);
        match key.code {
            KeyCode::Enter if breaks => return self.write("\n", effects),
            KeyCode::Char('j') if is_control => return self.write("\n", effects),
            KeyCode::Enter => return self.send(effects),
            KeyCode::Char(char) if !is_control && !is_alt => {
                return self.write(char.encode_utf8(&mut [0; 4]), effects);
            }
            _ => {}
        }
        let Some(draft) = self.draft_mut() else {
            return;
        };
        let text = &mut draft.composer;
        match key.code {
            KeyCode::Char('w') if is_control => text.delete_word(),
            KeyCode::Backspace if is_alt || is_control => text.delete_word(),
            KeyCode::Backspace | KeyCode::Char('h') => text.backspace(),
            KeyCode::Delete | KeyCode::Char('d') => text.delete(),
            KeyCode::Char('u') if is_control => text.delete_to_start(),
            KeyCode::Char('k') if is_control => text.delete_to_end(),
            KeyCode::Left if is_control || is_alt => text.word_left(),
            KeyCode::Right if is_control || is_alt => text.word_right(),
            KeyCode::Left => text.left(),
            KeyCode::Right => text.right(),
            KeyCode::Home => text.home(),
            KeyCode::End => text.end(),
            KeyCode::Char('a') if is_control => text.home(),
            KeyCode::Char('e') if is_control => text.end(),
            KeyCode::Up if text.up(width) => {}
            KeyCode::Down if text.down(width) => {}
            // A text of several rows keeps the arrows to itself: nobody is to leave it by one too many.
            KeyCode::Up if text.layout(width).rows.len() < 2 => self.step(-1, effects),
            KeyCode::Down if text.layout(width).rows.len() < 2 => self.step(1, effects),
            _ => {}
        }
        if self
            .draft()
            .is_some_and(|draft| draft.composer.text().is_empty())
        {
            self.stop_typing(effects);
        }
    }

    fn send(&mut self, effects: &mut Vec<Effect>) {
        let Some(draft) = self.draft_mut() else {
            return;
        };
        if draft.composer.is_blank() {
            return;
        }
        if let Err(error) = check_text(draft.composer.text()) {
            return self.say(error.to_string());
        }
        let text = draft.composer.take();
        let is_note = std::mem::take(&mut draft.is_note);
        self.scroll = 0;
        self.stop_typing(effects);
        self.command(effects, |conversation| {
            if is_note {
                AgentCommand::Note { conversation, text }
            } else {
                AgentCommand::Send { conversation, text }
            }
        });
    }

    fn claim(&mut self, effects: &mut Vec<Effect>) {
        let is_mine = |agent| self.model.is_me(agent);
        let assigned = self.model.chosen().and_then(|chosen| chosen.assigned);
        if assigned.is_some_and(is_mine) {
            return self.say("This conversation is yours already.");
        }
        self.command(effects, |conversation| AgentCommand::Claim { conversation });
    }

    fn toggle_note(&mut self, effects: &mut Vec<Effect>) {
        self.stop_typing(effects);
        if let Some(draft) = self.draft_mut() {
            draft.is_note = !draft.is_note;
            self.pane = Pane::Chat;
        }
    }

    fn ask_transfer(&mut self) {
        if self.model.chosen().is_none() {
            return;
        }
        if self.transfer_targets().is_empty() {
            return self.say("There is no colleague to hand it to: `holdfast agent add` adds one.");
        }
        self.popup = Some(Popup::Transfer(0));
    }

    fn show_visitor(&mut self) {
        if self.model.chosen().is_some() {
            self.popup = Some(Popup::Visitor(0));
        }
    }

    fn ask_close(&mut self) {
        match self.model.chosen().map(|chosen| chosen.is_open) {
            Some(true) => self.popup = Some(Popup::Close),
            Some(false) => {
                self.say("This conversation is closed; the next message opens it again.");
            }
            None => {}
        }
    }

    fn retry(&mut self, effects: &mut Vec<Effect>) {
        let failed = self.failed();
        if failed.is_empty() {
            return self.say("Nothing to repeat here: what waits goes out by itself.");
        }
        effects.extend(failed.into_iter().map(|(id, _)| Effect::Retry(id)));
    }

    /// The oldest rejected text goes back into the composer.
    fn take_back(&mut self, effects: &mut Vec<Effect>) {
        let Some((id, command)) = self.failed().into_iter().next() else {
            return self.say("No message here was rejected; what was sent can't be taken back.");
        };
        effects.push(Effect::Ask(Request::Discard(id)));
        if let (Some(text), Some(draft)) = (command.text(), self.draft_mut()) {
            draft.composer.give_back(text);
            draft.is_note = matches!(command, AgentCommand::Note { .. });
        }
    }

    fn failed(&self) -> Vec<(holdfast_protocol::id::EventId, AgentCommand)> {
        let Some(chosen) = self.model.chosen() else {
            return Vec::new();
        };
        let failed = self
            .model
            .pending(chosen.id)
            .filter(|entry| entry.failed.is_some());
        failed
            .map(|entry| (entry.id, entry.command.clone()))
            .collect()
    }

    fn command(
        &self,
        effects: &mut Vec<Effect>,
        make: impl FnOnce(holdfast_protocol::id::ConversationId) -> AgentCommand,
    ) {
        if let Some(chosen) = self.model.chosen() {
            effects.push(Effect::Queue(make(chosen.id)));
        }
    }

    fn step(&mut self, by: isize, effects: &mut Vec<Effect>) {
        let ids: Vec<_> = order::listed(&self.model).map(|thread| thread.id).collect();
        let chosen = self.model.chosen().map(|thread| thread.id);
        let at = ids.iter().position(|id| Some(*id) == chosen).unwrap_or(0);
        let next = at
            .saturating_add_signed(by)
            .min(ids.len().saturating_sub(1));
        if let Some(&id) = ids.get(next) {
            self.choose(id, effects);
        }
    }

    fn next_unread(&mut self, effects: &mut Vec<Effect>) {
        let chosen = self.model.chosen().map(|thread| thread.id);
        let ids: Vec<_> = order::listed(&self.model)
            .filter(|thread| self.model.unread(thread) > 0 || Some(thread.id) == chosen)
            .map(|thread| thread.id)
            .collect();
        let at = ids.iter().position(|id| Some(*id) == chosen);
        let next = at.map_or(0, |at| at + 1) % ids.len().max(1);
        match ids.get(next) {
            Some(&id) if Some(id) != chosen => self.choose(id, effects),
            _ => self.say("No other conversation has unread messages."),
        }
    }

    fn scroll_up(&mut self, effects: &mut Vec<Effect>) {
        let (rows, height) = chat::extent(self);
        let top = rows.saturating_sub(height);
        self.scroll = (self.scroll + height.saturating_sub(2).max(1)).min(top);
        if self.scroll == top {
            effects.extend(self.model.want_older().map(Effect::Ask));
        }
    }

    fn scroll_down(&mut self) {
        let (_, height) = chat::extent(self);
        self.scroll = self.scroll.saturating_sub(height.saturating_sub(2).max(1));
    }

    fn escape(&mut self, effects: &mut Vec<Effect>) {
        if self.drop_notice() {
            return;
        }
        let was_note = self
            .draft_mut()
            .is_some_and(|draft| std::mem::take(&mut draft.is_note));
        if was_note {
            return;
        }
        if self.scroll > 0 {
            self.scroll = 0;
        } else if self.is_narrow() && self.pane == Pane::Chat {
            self.stop_typing(effects);
            self.pane = Pane::List;
        }
    }
}
