//! The words on Holdfast's wire, and the rules that lose nothing.
//!
//! No IO, no clock, no randomness of its own: time, ids and jitter are arguments, so the widget
//! (wasm), the server, the agent's client and the simulator run the very same code.
//!
//! * [`frame`]: every frame, one enum per direction and audience.
//! * [`event`], [`profile`], [`id`], [`time`]: what frames are made of. [`limits`]: how large anything may become.
//! * [`client`]: the client's half. [`reader`]: the server's half of one connection.
//! * [`compact`]: the same frames for the widget, in less code.
//!
//! # Driving a client
//!
//! Change it once, drain its outputs in order, then wait:
//!
//! ```text
//! let mut client = Client::new(greeting, saved, seed, now);
//! loop {
//!     while let Some(output) = client.poll_output() {
//!         match output {
//!             Event(event)         => show it
//!             Save                 => write client.saved() and what is shown, as one value
//!             Dial(line)           => begin to open a line, in the background
//!             Transmit(line, up)   => write the frame
//!             Close(line)          => close it; report nothing more of it
//!         }
//!     }
//!     wait for the first of:
//!         a line opened            => client.handle_opened(line, now)
//!         a line yielded a text    => client.handle_text(line, text, now)
//!         a line closed or failed  => client.handle_closed(line, now)
//!         client.poll_timeout(now) => client.handle_timeout(now)
//!         online, visible, …       => client.handle_hint(now)
//!         a person writes          => client.send(id, command, unix, now)
//! }
//! ```
//!
//! # A client's lines
//!
//! ```text
//!            dial                 welcome                  3 s without its event,
//!  (none) ─────────▶ attempt ─────────────────▶ online     silence, or a hint
//!     ▲               │  ▲                      │  ▲  └──────────▶ probed
//!     │  closed, 15 s │  │ another joins it,    │  │ pong            │ 2 s without pong
//!     └───────────────┘  │ 2.5 s later at most  │  └─────────────────┤
//!                        │                      │                    ▼
//!                        └──────────────────────┼───────────────── doubtful
//!                                               ▼                    │ silent too long,
//!                                            offline ◀───────────────┘ or another welcomed
//! ```
//!
//! Several attempts may be in the air; the first that is welcomed wins and closes the others. A
//! doubtful line is kept beside them, since its answer may only be late.

pub mod client;
pub mod compact;
pub mod event;
pub mod frame;
pub mod id;
pub mod limits;
pub mod profile;
pub mod queue;
pub mod reader;
pub mod time;
