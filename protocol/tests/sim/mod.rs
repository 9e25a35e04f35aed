//! A simulator of clients, server, network and storage on a virtual clock.

mod check;
mod disk;
mod endpoint;
mod faults;
mod hear;
mod net;
mod node;
mod rng;
mod server;
mod world;

pub(crate) use server::Sabotage;
pub(crate) use world::{Flaw, World};
