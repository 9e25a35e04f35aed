//! The promises, tried end to end: one file per group of scenarios.

mod absence;
mod accessibility;
mod bad_agents;
mod bad_visitors;
mod conversation;
mod crashes;
mod cuts;
mod durability;
mod files;
mod full_disk;
mod handheld;
mod harness;
mod hosts;
mod identity;
mod keyboard;
mod loading;
mod locales;
mod operator;
mod phone;
mod pocket;
mod scrolling;
mod sdk;
mod slow_lines;
mod tabs;
mod visitors;
mod wire;
